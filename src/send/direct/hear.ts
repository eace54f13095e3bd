import type { Looked } from '../../core/direct-side.ts';
import { BatchlineError } from '../../core/errors.ts';
import type { Asked } from './asked-lines.ts';
import type { Asking } from './context.ts';
import { type Again, type Line, take, throwIfRefused, throwIfSilent } from './take.ts';

/** The wait grows by this factor, up to `longest` times the first. */
const growth = 1.3;
const longest = 5;
/** Looks in a row at which the provider does not know a request, over a minute, until that is believed. */
const looksUntilGone = 6;
const longestGoneWaitMs = 12_000;
/** A provider that asks for a longer one is looked at all the same. */
const longestPauseMs = 60_000;

/**
 * Looks at an accepted line until its answer is there. Nothing but a person's word or its end keeps it from being looked
 * at: it is paid for, also where nothing more is to be sent.
 *
 * @returns why it is to be sent again; null where it is answered. One that is gone was perhaps answered: it stays open, so
 *   that sending it again is counted as in doubt
 * @throws BatchlineError `wrong_account` where one is gone that another key was accepted with
 */
export async function hear(
  context: Asking,
  asked: Asked,
  line: Pick<Line, 'number' | 'line'>,
  handle: string,
): Promise<Again | null> {
  const { clock, heard, signals, windows } = context;
  let looksGone = 0;
  for (let waitMs = windows.lookMs; ; waitMs = Math.min(waitMs * growth, windows.lookMs * longest)) {
    const lookedAt = clock.now();
    const looked = await look(context, line, handle);
    looksGone = looked?.state === 'gone' ? looksGone + 1 : 0;
    if (looked === null || looked.state === 'unsaid') {
      heard.failure(lookedAt);
      throwIfSilent(heard, clock.now(), looked?.body ?? 'no answer came');
    } else heard.answer(clock.now());
    if (looked?.state === 'ended') return take(context, asked, line, looked);
    if (looksGone >= looksUntilGone) {
      if (context.isOtherKey === true) throw wrongAccount(handle);
      asked.gone(line.number);
      return { why: 'provider', message: `the provider does not know ${handle} any more` };
    }
    const longestMs = looksGone > 0 ? longestGoneWaitMs : Infinity;
    await clock.sleep(
      Math.max(Math.min(waitMs, longestMs), Math.min(looked?.pace.retryAfterMs ?? 0, longestPauseMs)),
      signals.drain,
    );
  }
}

/**
 * @returns null where no answer came
 * @throws BatchlineError `account_refused`
 */
async function look(
  { direct, lines, read, signals }: Asking,
  { line }: Pick<Line, 'line'>,
  handle: string,
): Promise<Looked | null> {
  const { later } = direct;
  if (later === undefined) throw new Error('A provider without windows has accepted a request within one.');
  try {
    const looked = await later.look(handle, signals.abort);
    if (looked.state === 'unsaid') throwIfRefused(read(Buffer.from(lines.answered(line, looked))));
    return looked;
  } catch (error) {
    if (error instanceof BatchlineError && error.retryable) return null;
    throw error;
  }
}

function wrongAccount(handle: string): BatchlineError {
  return new BatchlineError(
    'wrong_account',
    `The account of this API key does not know ${handle}, which was accepted with another key.`,
    {
      hint: 'Use the API key, organisation and project that the run was started with; it was not sent again.',
      exitCode: 1,
    },
  );
}
