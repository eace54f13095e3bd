import { type DirectResponse, noHints } from '../../core/direct-side.ts';
import { BatchlineError } from '../../core/errors.ts';
import { givenUpLine } from '../../core/given-up.ts';
import { backoff } from '../../core/retry.ts';
import type { AskedLines } from './asked-lines.ts';
import type { Asking } from './context.ts';

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

/** So slow that a row has not used up its submissions in the minute after the last answer. */
const backOff = { firstWaitMs: 500, longestWaitMs: 60_000 };
/** After so long without any answer the provider is away for good. */
const longestSilenceMs = 3_600_000;
const aMinuteMs = 60_000;
/** Tries of one row that count: those that failed while others were answered. */
const mostSubmissions = 10;

/**
 * Sends one line until it is answered. What says nothing about the row is waited out: a pace that is too fast, a
 * provider that is away.
 *
 * @param firstSentAt its first turn, which it has had
 * @param stop aborted when nothing more is to be sent
 * @throws BatchlineError `account_refused`, or `provider_silent` where it has been away for an hour
 */
export async function askLine(
  context: Asking,
  asked: AskedLines,
  line: Line,
  firstSentAt: number,
  stop: AbortSignal,
): Promise<void> {
  const { pacer, heard, lines, clock } = context;
  let failures = 0;
  let submissions = 0;
  for (let sentAt = firstSentAt; ; sentAt = await pacer.turn(line.tokens, stop)) {
    const again = await sendOnce(context, asked, line, sentAt);
    if (again === null) return;
    const now = clock.now();
    heard.failure(sentAt);
    if (heard.silenceMs(now) > longestSilenceMs) throw providerSilent(again.message);
    // A refusal for the pace is waited out by all.
    if (again.why === 'pace') continue;
    failures += 1;
    if (heard.hasAnsweredSince(now - aMinuteMs)) submissions += 1;
    if (submissions >= mostSubmissions) {
      const message = `Sent ${submissions} times without running. Last: ${again.message}`;
      return asked.answered(line.number, `${givenUpLine(lines.idOf(line.line), message)}\n`);
    }
    await clock.sleep(backoff(failures, backOff), stop);
  }
}

/** @returns null where it is answered, and the answer is kept */
async function sendOnce(
  context: Asking,
  asked: AskedLines,
  { number, line }: Line,
  sentAt: number,
): Promise<Again | null> {
  const { direct, lines, pacer, clock, tier, signals } = context;
  asked.sent(number);
  try {
    const response = await direct.ask(line, lines.pathOf(line), signals.abort, tier);
    const again = take(context, asked, { number, line }, response);
    const now = clock.now();
    if (again === null) pacer.pace.answered(response.pace, now);
    else if (again.why === 'pace') pacer.pace.refused(response.pace, sentAt, now);
    else pacer.pace.failed(response.pace, now);
    return again;
  } catch (error) {
    pacer.pace.failed(noHints, clock.now());
    // What may have been answered unheard stays open, and counts when it is sent again.
    if (error instanceof BatchlineError && error.outcome !== 'unknown') asked.refused(number);
    if (!(error instanceof BatchlineError) || !error.retryable) throw error;
    return { why: 'provider', message: error.message };
  } finally {
    pacer.ended();
  }
}

function take(
  { read, lines, heard, clock }: Asking,
  asked: AskedLines,
  { number, line }: Pick<Line, 'number' | 'line'>,
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
  heard.answer(clock.now());
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
