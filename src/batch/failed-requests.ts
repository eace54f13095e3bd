import { exists } from '../files/exists.ts';
import { storedLines } from '../files/stored-lines.ts';
import type { ChunkOutcome, FailedRow, UnfinishedRow } from '../ledger/ledger.ts';
import type { RequestLines } from '../request/request-lines.ts';
import { chunkFiles } from './chunk-files.ts';
import type { ChunkSpan } from './reconciliation.ts';

/** The failed rows with the request line of each, as it was first sent. */
export async function withRequests(
  folder: string,
  requestLines: RequestLines,
  span: ChunkSpan,
  { failures }: ChunkOutcome,
  history: ReadonlyMap<string, UnfinishedRow>,
): Promise<readonly FailedRow[]> {
  const { requests } = chunkFiles(folder, span.chunk.chunk);
  if (failures.length === 0 || !(await exists(requests))) return failures;
  const lineOf = new Map(span.rows.customIds.map((customId, line) => [customId, line]));
  const lines = failures.map((row) => lineOf.get(row.customId) ?? 0);
  const found: FailedRow[] = [];
  for await (const line of storedLines(requests, lines)) {
    const row = failures[found.length];
    if (row === undefined) continue;
    const first = history.get(row.customId)?.isReasking === true ? requestLines.original(line) : line;
    found.push({ ...row, request: first.toString('utf8') });
  }
  return found.length === failures.length ? found : failures;
}
