import { type Begun, noHints } from '../../core/direct-side.ts';
import { BatchlineError } from '../../core/errors.ts';
import { windowMs } from '../../core/tier-names.ts';
import { givenUpLine } from '../../core/given-up.ts';
import { backoff } from '../../core/retry.ts';
import type { Asked } from './asked-lines.ts';
import type { Asking } from './context.ts';
import { hear } from './hear.ts';
import { type Again, type Line, take, throwIfSilent } from './take.ts';

/** It was accepted, and is to be heard of by its handle. */
interface Accepted {
  readonly why: 'accepted';
}

/** So slow that a row has not used up its submissions in the minute after the last answer. */
const backOff = { firstWaitMs: 500, longestWaitMs: 60_000 };
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
  asked: Asked,
  line: Line,
  firstSentAt: number,
  stop: AbortSignal,
): Promise<void> {
  const { pacer, heard, lines, clock } = context;
  let failures = 0;
  let submissions = 0;
  const turn = async (): Promise<number> =>
    asked.handleOf(line.number) === undefined ? pacer.turn(line.tokens, stop) : clock.now();
  for (let sentAt = firstSentAt; ; sentAt = await turn()) {
    const handle = asked.handleOf(line.number);
    const again =
      handle === undefined
        ? await sendOnce(context, asked, line, sentAt)
        : await hear(context, asked, line, handle);
    if (again === null) return;
    if (again.why === 'accepted') continue;
    const now = clock.now();
    heard.failure(sentAt);
    throwIfSilent(heard, now, again.message);
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
  asked: Asked,
  { number, line }: Line,
  sentAt: number,
): Promise<Again | Accepted | null> {
  const { pacer, heard, clock } = context;
  asked.sent(number);
  try {
    const response = await send(context, line);
    if (response.handle !== null) {
      asked.begun(number, response.handle);
      heard.answer(clock.now());
      pacer.pace.answered(response.pace, clock.now());
      return { why: 'accepted' };
    }
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

async function send({ direct, lines, tier, signals }: Asking, line: Buffer): Promise<Begun> {
  const { later } = direct;
  if (later !== undefined && tier !== undefined && windowMs(tier) !== null)
    return later.begin(line, signals.abort, tier);
  return { ...(await direct.ask(line, lines.pathOf(line), signals.abort, tier)), handle: null };
}
