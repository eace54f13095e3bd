import { sleep } from '../../core/async.ts';
import { noHints, type DirectResponse } from '../../core/direct-side.ts';
import { BatchlineError } from '../../core/errors.ts';
import { backoff } from '../../core/retry.ts';
import type { AskedLines } from './asked-lines.ts';
import type { DirectContext } from './context.ts';

/** A request line of a file. */
export interface Line {
  readonly number: number;
  readonly line: Buffer;
  /** What it is reckoned at. */
  readonly tokens: number;
}

/** Why a request is to be sent again: it was too early, or the provider failed. */
interface Again {
  readonly why: 'pace' | 'provider';
  readonly message: string;
}

const backOff = { firstWaitMs: 500, longestWaitMs: 60_000 };
/** After so long without any answer the provider is away for good. */
const longestSilenceMs = 3_600_000;
const aMinuteMs = 60_000;
/** Tries of one row that count: those that failed while others were answered. */
const mostSubmissions = 10;

/**
 * Sends one line until it is answered; it counts as under way already. What says nothing about the row is waited out: a
 * pace that is too fast, a provider that is away.
 *
 * @param stop aborted when nothing more is to be sent
 * @throws BatchlineError `account_refused`, or `provider_silent` where it has been away for an hour
 */
export async function askLine(
  context: DirectContext,
  asked: AskedLines,
  { number, line, tokens }: Line,
  stop: AbortSignal,
): Promise<void> {
  const { pacer, heard, lines } = context;
  let submissions = 0;
  for (let tries = 1; ; tries += 1) {
    const again = await sendOnce(context, asked, number, line);
    if (again === null) return;
    const silenceMs = Date.now() - heard.at;
    if (again.why === 'provider' && heard.isAny && silenceMs < aMinuteMs) submissions += 1;
    if (submissions >= mostSubmissions) {
      const message = `Sent ${submissions} times without running. Last: ${again.message}`;
      const error = JSON.stringify({ error: { code: 'never_ran', message } });
      const response = { status: 500, requestId: null, body: error, pace: noHints };
      return asked.answered(number, `${lines.answered(line, response)}\n`);
    }
    if (silenceMs > longestSilenceMs) throw providerSilent(again.message);
    // A refusal for the pace is waited out by all.
    if (again.why === 'provider') await sleep(backoff(Math.min(tries, 10), backOff), stop);
    await pacer.turn(tokens, stop);
  }
}

/** @returns null where it is answered, and the answer is kept */
async function sendOnce(
  context: DirectContext,
  asked: AskedLines,
  number: number,
  line: Buffer,
): Promise<Again | null> {
  const { direct, lines, pacer, signals } = context;
  asked.sent(number);
  try {
    const response = await direct.ask(line, lines.pathOf(line), signals.abort);
    const again = take(context, asked, number, line, response);
    if (again?.why === 'pace') pacer.pace.refused(response.pace, Date.now());
    else pacer.pace.answered(response.pace, Date.now());
    return again;
  } catch (error) {
    pacer.pace.lost();
    if (!(error instanceof BatchlineError) || !error.retryable) throw error;
    // What may have been answered unheard stays open, and counts when it is sent again.
    if (error.outcome === 'absent') asked.refused(number);
    return { why: 'provider', message: error.message };
  } finally {
    pacer.ended();
  }
}

function take(
  { read, lines, heard }: DirectContext,
  asked: AskedLines,
  number: number,
  line: Buffer,
  response: DirectResponse,
): Again | null {
  const text = lines.answered(line, response);
  const result = read(Buffer.from(text));
  const isRefused = result.kind === 'failed' && result.stage === 'request' && result.blame !== 'row';
  if (isRefused && (result.blame === 'account' || result.retryable)) {
    asked.refused(number);
    if (result.blame === 'account') throw accountRefused(result.code, result.message);
    return { why: response.status === 429 ? 'pace' : 'provider', message: result.message };
  }
  heard.answer(Date.now());
  asked.answered(number, `${text}\n`);
  return null;
}

function accountRefused(code: string, message: string): BatchlineError {
  return new BatchlineError(
    'account_refused',
    `A request was refused for the account's sake with ${code}, so nothing more is sent: ${message}`,
    {
      hint: 'Set it right at the provider (credit, spend limit, API key, project, access to the model). Rows that were not answered wait.',
      exitCode: 1,
    },
  );
}

function providerSilent(message: string): BatchlineError {
  return new BatchlineError('provider_silent', `No request was answered for an hour. Last: ${message}`, {
    hint: 'Type the same command again once the provider is back; what was answered is kept.',
    exitCode: 1,
  });
}
