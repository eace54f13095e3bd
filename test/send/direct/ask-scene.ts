import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noHints, type DirectResponse, type PaceHints } from '../../../src/core/direct-side.ts';
import { BatchlineError } from '../../../src/core/errors.ts';
import { askLines } from '../../../src/send/direct/ask-file.ts';
import { AskedLines } from '../../../src/send/direct/asked-lines.ts';
import { Heard } from '../../../src/send/direct/heard.ts';
import { Pace, type PaceLimits } from '../../../src/send/direct/pace.ts';
import { Pacer } from '../../../src/send/direct/pacer.ts';
import { Windows } from '../../../src/send/direct/windows.ts';
import { chatLines } from '../../request/chat-lines.ts';
import { chatBody, reader } from '../../results/result-lines.ts';
import { VirtualClock } from './virtual-clock.ts';

/** What a server does with a request: a status, or no answer at all. */
export type Fate =
  | { readonly status: number; readonly hints?: Partial<PaceHints> }
  | 'refuses the connection'
  | 'breaks the connection off'
  | 'hangs';

export interface Scene {
  readonly rows: number;
  readonly limits?: Partial<PaceLimits>;
  /** @param at virtual milliseconds since the beginning */
  readonly fate: (row: number, at: number) => Fate;
  /** When something else fails the run; never where it is not given. */
  readonly runFailsAt?: number;
}

export interface Told {
  /** When each request came to the server. */
  readonly arrivals: readonly number[];
  /** Rows with an answer of the server's own, and those that were given up. */
  readonly answered: ReadonlySet<number>;
  readonly givenUp: readonly string[];
  readonly inDoubt: number;
  readonly unheard: number;
  readonly faultCode: string | null;
  readonly endedAt: number;
  /** The most rows at a time that had been sent and were not answered. */
  readonly mostOut: number;
}

const usual: PaceLimits = { requestsPerMinute: null, tokensPerMinute: null, concurrency: 16 };
const latencyMs = 40;
/** As the provider side waits for an answer. */
const longestHangMs = 600_000;
const { signal } = new AbortController();

/** Asks all rows of a file of a server in a time of its own. */
export async function ask({ rows, limits, fate, runFailsAt = Infinity }: Scene): Promise<Told> {
  const folder = await mkdtemp(join(tmpdir(), 'batchline-ask-'));
  const files = {
    log: join(folder, 'log'),
    partial: join(folder, 'partial'),
    output: join(folder, 'output'),
  };
  const clock = new VirtualClock();
  const arrivals: number[] = [];
  const failed = new AbortController();
  const out = new Set<number>();
  let mostOut = 0;
  const answer = async (line: Buffer): Promise<DirectResponse> => {
    const row = Number(chatLines.idOf(line));
    out.add(row);
    mostOut = Math.max(mostOut, out.size);
    await clock.sleep(latencyMs / 2, signal);
    arrivals.push(clock.now());
    if (clock.now() >= runFailsAt) failed.abort(new BatchlineError('breaker', 'failed elsewhere'));
    const told = fate(row, clock.now());
    await clock.sleep(told === 'hangs' ? longestHangMs : latencyMs / 2, signal);
    if (typeof told === 'string')
      throw new BatchlineError('provider_unreachable', told, {
        retryable: true,
        outcome: told === 'refuses the connection' ? 'absent' : 'unknown',
      });
    if (told.status === 200) out.delete(row);
    const body =
      told.status === 200 ? chatBody(`answer ${row}`) : { error: { message: `no (${told.status})` } };
    return {
      status: told.status,
      requestId: null,
      body: JSON.stringify(body),
      pace: { ...noHints, ...told.hints },
    };
  };
  try {
    const path = join(folder, 'requests');
    await writeFile(path, Array.from({ length: rows }, (_, row) => requestLine(row)).join(''));
    const paceLimits = { ...usual, ...limits };
    const answers = reader('chat', ['text']);
    await using asked = await AskedLines.open(files, () => null, signal);
    const context = {
      direct: { ask: answer },
      lines: chatLines,
      read: (line: Buffer) => answers.read(line, 0, line.length),
      pacer: new Pacer(new Pace(paceLimits, clock.now()), clock),
      heard: new Heard(),
      clock,
      concurrency: paceLimits.concurrency,
      tokensOf: () => 10,
      tier: undefined,
      windows: new Windows(1000, paceLimits.concurrency, clock),
      signals: { drain: signal, abort: signal },
      runFailed: failed.signal,
    };
    const fault = await clock.pass(askLines(context, asked, path));
    const results = (await readFile(files.partial, 'utf8')).split('\n').filter((line) => line !== '');
    const read = results.map((line) => answers.read(Buffer.from(line), 0, Buffer.byteLength(line)));
    return {
      arrivals,
      answered: new Set(read.flatMap((result) => (result.kind === 'ok' ? [Number(result.customId)] : []))),
      givenUp: read.flatMap((result) =>
        result.kind === 'failed' ? [`${result.customId} ${result.code}`] : [],
      ),
      inDoubt: asked.inDoubt,
      unheard: asked.unheard,
      faultCode: fault?.code ?? null,
      endedAt: clock.now(),
      mostOut,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function requestLine(row: number): string {
  const body = { model: 'm', messages: [{ role: 'user', content: `row ${row}` }] };
  return `${JSON.stringify({ custom_id: String(row), method: 'POST', url: '/v1/chat/completions', body })}\n`;
}

/** The most moments in any window of a minute. */
export function mostInAMinute(moments: readonly number[]): number {
  const sorted = moments.toSorted((one, other) => one - other);
  let from = 0;
  let most = 0;
  for (const [index, at] of sorted.entries()) {
    while (at - (sorted[from] ?? at) >= 60_000) from += 1;
    most = Math.max(most, index - from + 1);
  }
  return most;
}
