import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { CommandContext, Main } from '../../src/cli/context.ts';
import { main as cancel } from '../../src/cli/cancel.ts';
import { main as recover } from '../../src/cli/recover.ts';
import { main as retry } from '../../src/cli/retry.ts';
import { main as run } from '../../src/cli/run.ts';
import { BatchlineError } from '../../src/core/errors.ts';
import { Redactor } from '../../src/core/redact.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { summarize, type RunSummary } from '../../src/run/summary.ts';
import { temporaryFolder } from '../batch/temporary-folder.ts';
import { type FakeRequest, type FakeServer, serverOf } from '../contract/fake-provider.ts';

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly error: BatchlineError | null;
  /** What was told on the way. */
  readonly log: string;
}

export interface Desk extends AsyncDisposable {
  readonly server: FakeServer;
  run(options?: Record<string, unknown>): Promise<Ended>;
  retryLost(): Promise<Ended>;
  cancel(options?: Record<string, unknown>): Promise<Ended>;
  recover(...ids: readonly string[]): Promise<Ended>;
  /** The newest run in numbers. */
  summary(): Promise<RunSummary>;
  /** What was loaded, by key. */
  loaded(): Promise<ReadonlyMap<string, string>>;
  readonly folder: string;
}

let accounts = 0;

/** The texts of the rows: long enough that a prompt's tokens tell it from a much longer one. */
function textOf(row: number): string {
  return `the text of row ${row}`;
}

/** The request that a pipeline of a scene sends for a row. */
export function requestOf(
  row: number,
  changes: { key?: string; who?: string; what?: string } = {},
): FakeRequest {
  const { key = String(row), who = 'model-1', what = textOf(row) } = changes;
  return { key, ask: { who, what } };
}

const jsonl = { type: 'jsonl', path: 'out.jsonl' };

/** A target that need not stand for the whole source. */
export const table = { type: 'duckdb', path: 'out.duckdb', table: 'tags', create: true };

/** A pipeline of so many rows at an account of its own. */
export async function openDesk(rows: number, batch: object = {}, sink: object = jsonl): Promise<Desk> {
  const folder = await temporaryFolder();
  const account = `desk ${(accounts += 1)}`;
  const file = join(folder.path, 'tags.yaml');
  const lines = Array.from({ length: rows }, (_, row) => `${row},${textOf(row)}\n`);
  await writeFile(join(folder.path, 'in.csv'), `id,body\n${lines.join('')}`);
  await writeFile(
    file,
    JSON.stringify({
      source: { type: 'csv', path: 'in.csv', key: 'id' },
      request: { endpoint: 'chat', model: 'model-1', prompt: '{{ body }}' },
      provider: { type: 'fake', account },
      batch: { poll_interval: '10ms', ...batch },
      sink,
    }),
  );
  const stateDir = join(folder.path, '.pipeline');
  const call = async (main: Main, args: string[], options: Record<string, unknown>): Promise<Ended> => {
    const told = new PassThrough();
    const log: Buffer[] = [];
    told.on('data', (bytes: Buffer) => log.push(bytes));
    const quiet = new AbortController().signal;
    const context: CommandContext = {
      stdout: new PassThrough().resume(),
      stderr: told,
      env: {},
      cwd: folder.path,
      signals: { drain: quiet, abort: quiet },
      redactor: new Redactor(),
      print: () => undefined,
    };
    const said = () => Buffer.concat(log).toString();
    try {
      return { code: await main(args, { json: true, ...options }, context), error: null, log: said() };
    } catch (error) {
      if (!(error instanceof BatchlineError)) throw error;
      return { code: error.exitCode ?? 2, error, log: said() };
    }
  };
  return {
    folder: folder.path,
    server: serverOf(account),
    run: (options = {}) => call(run, [file], options),
    retryLost: () => call(retry, [file], { lost: true }),
    cancel: (options = {}) => call(cancel, [file], options),
    recover: (...batch) => call(recover, [file], { batch }),
    summary: async () => {
      await using ledger = await openLedger(stateDir);
      const [newest] = await ledger.runs();
      if (newest === undefined) throw new Error('There is no run.');
      return await summarize(ledger, newest);
    },
    loaded: async () => {
      const text = await readFile(join(folder.path, 'out.jsonl'), 'utf8').catch(() => '');
      const found = text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as { id: string; text: string });
      return new Map(found.map(({ id, text: said }) => [id, said]));
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** What is to be loaded of so many rows. */
export function ownAnswers(rows: number): ReadonlyMap<string, string> {
  return new Map(Array.from({ length: rows }, (_, row) => [String(row), `You said: ${textOf(row)}`]));
}
