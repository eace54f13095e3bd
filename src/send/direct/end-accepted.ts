import type { LaterSide, Looked } from '../../core/direct-side.ts';
import { BatchlineError } from '../../core/errors.ts';
import { readLines } from '../../files/line-reader.ts';
import type { AskedLines } from './asked-lines.ts';
import type { Asking } from './context.ts';
import { type Line, take } from './take.ts';

/**
 * Cancels what was accepted and has no answer yet; what had ended before is kept, for it is paid for.
 *
 * @returns null: what cannot be reached is left to its end, which nobody hears of
 */
export async function endAccepted(context: Asking, asked: AskedLines, path: string): Promise<null> {
  const { direct, signals } = context;
  if (asked.accepted.size === 0 || direct.later === undefined) return null;
  for await (const { lines, first } of readLines(path, signals.abort)) {
    for (const [index, line] of lines.entries()) {
      const number = first + index;
      const handle = asked.handleOf(number);
      if (handle === undefined) continue;
      const ended = await end(direct.later, handle, signals.abort);
      if (ended !== null) keep(context, asked, { number, line: Buffer.from(line) }, ended);
    }
  }
  return null;
}

/** An end without an answer leaves its row as it was, whoever is to blame: nothing is sent again. */
function keep(context: Asking, asked: AskedLines, line: Pick<Line, 'number' | 'line'>, ended: Looked): void {
  try {
    take(context, asked, line, ended);
  } catch (error) {
    if (!(error instanceof BatchlineError)) throw error;
  }
}

/** Looked at first: to cancel what has ended is refused. */
async function end(later: LaterSide, handle: string, signal: AbortSignal): Promise<Looked | null> {
  for (const call of ['look', 'abandon', 'look'] as const) {
    try {
      const looked = await later[call](handle, signal);
      if (looked.state === 'ended') return looked;
      if (looked.state === 'gone') return null;
    } catch (error) {
      if (!(error instanceof BatchlineError)) throw error;
    }
  }
  return null;
}
