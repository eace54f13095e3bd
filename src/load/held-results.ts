import { BatchlineError } from '../core/errors.ts';
import type { ChunkRecord, Ledger, RunRecord, UnreadResults } from '../ledger/ledger.ts';

/** The chunks of a run that have rows which are held. */
export async function heldChunks(ledger: Ledger, { runId }: RunRecord): Promise<readonly ChunkRecord[]> {
  return (await ledger.chunks(runId)).filter(({ state }) => state === 'held');
}

/** Whether not one line of a chunk's results could be read, so that the next batch's would be no better. */
export function isAllUnread({ unread }: ChunkRecord): boolean {
  return unread !== null && unread.joined === 0;
}

/** What is wrong with a chunk's results, in one sentence. */
export function describeUnread(
  { rows, lines, first, joined, reported }: UnreadResults,
  chunk: number,
): string {
  const held = `${count(rows, 'row')} of file ${chunk} ${rows === 1 ? 'is' : 'are'} held, since an answer to ${rows === 1 ? 'it' : 'them'} may be paid for`;
  if (first === null)
    return `${held}: the provider counts ${count(reported ?? 0, 'result')}, of which ${joined} could be read.`;
  return `${held}: ${count(lines, 'line')} of the results could not be joined with a row, the first: ${first}`;
}

/** Rows are held, and what is to become of them is for a person to say. */
export function unreadableResults(
  { runId, path }: RunRecord,
  held: readonly Pick<ChunkRecord, 'chunk' | 'unread'>[],
): BatchlineError {
  const unread = held.flatMap((chunk) =>
    chunk.unread === null ? [] : [describeUnread(chunk.unread, chunk.chunk)],
  );
  const [first = ''] = unread;
  const others = unread.length > 1 ? ` And so of ${count(unread.length - 1, 'other file')}.` : '';
  return new BatchlineError('unreadable_results', first + others, {
    where: held[0]?.unread?.path,
    hint: [
      'Nothing of these rows is sent again by itself. Look into the file, then choose:',
      `\`pipeline load ${path} --run ${runId}\` reads the files once more, as they then are;`,
      `\`pipeline retry ${runId} --lost\` gives up what could not be read and sends those rows again;`,
      `\`pipeline cancel ${runId}\` ends the run without them;`,
      `\`pipeline run ${path} --new-run\` leaves it as it is and begins another.`,
    ].join(' '),
    exitCode: 1,
  });
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
