import { chunkFiles } from './chunk-files.ts';
import { exists } from '../files/exists.ts';
import type { UnreadResults } from '../ledger/ledger.ts';
import type { ChunkSpan, Reconciliation } from './reconciliation.ts';

/**
 * What rows of a chunk are to be held for, once its results were read: rows lack one, and an answer to them may lie
 * unread, in lines that could not be joined, or where the provider counts more than was read (contract section 5).
 * Null where whatever the rows lack was surely not paid for. Pure, but for `path`.
 *
 * @param path of the file that is named where no line of any is to blame
 */
export function unreadResults(
  reconciliation: Reconciliation,
  { chunk, offset }: ChunkSpan,
  path: string,
): UnreadResults | null {
  let rows = 0;
  for (let line = 0; line < chunk.requests; line += 1) if (reconciliation.isUnheard(offset + line)) rows += 1;
  if (rows === 0) return null;
  // Rows, not lines: one that stands there twice is not the answer to another row.
  const joined = chunk.requests - rows;
  const { reported } = chunk;
  const { lines, first } = reconciliation.unjoined;
  if (lines === 0 && (reported ?? 0) <= joined) return null;
  return { rows, lines, first: first?.text ?? null, path: first?.path ?? path, joined, reported };
}

/** Where a chunk's answers are, or should be. */
export async function resultsPath(folder: string, chunk: number): Promise<string> {
  const { output, errors } = chunkFiles(folder, chunk);
  if (!(await exists(output)) && (await exists(errors))) return errors;
  return output;
}
