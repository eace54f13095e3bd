import { nextChunkNumber } from '../ledger/chunk-record.ts';
import { exists } from '../files/exists.ts';
import { storedLines } from '../files/stored-lines.ts';
import type { ChunkRecord, FailedRow, Ledger } from '../ledger/ledger.ts';
import { chunkFiles } from './chunk-files.ts';
import { ChunkRows } from './chunk-rows.ts';
import { packRows, type PackContext, type StoredRow } from './pack-rows.ts';

export interface ReopenContext extends Omit<PackContext, 'firstChunk'> {
  readonly ledger: Ledger;
  readonly runId: string;
  /** Whether fields of the source travel to the sink with each row. */
  readonly carriesFields: boolean;
  /** Which of the failed rows. */
  readonly isMeant: (row: FailedRow) => boolean;
}

/**
 * Packs rows that had failed for good into new files, from their stored request lines, under the same custom_id.
 *
 * @returns how many rows were reopened; the others' requests are no longer kept
 */
export async function reopenRows(context: ReopenContext): Promise<number> {
  const { ledger, runId } = context;
  const chunks = await ledger.chunks(runId);
  const firstChunk = nextChunkNumber(chunks);
  let reopened = 0;
  await packRows({ ...context, firstChunk }, failedRows(context, chunks), async (chunk, customIds) => {
    await ledger.addReopenedChunk(runId, chunk, customIds, Date.now());
    reopened += customIds.length;
  });
  return reopened;
}

/** Whether `retry` sends a failed row again. One that follows another has no request of its own. */
export function isSendable({ stage, sameAs }: FailedRow): boolean {
  return (stage === 'request' || stage === 'answer') && typeof sameAs !== 'string';
}

async function* failedRows(
  context: ReopenContext,
  chunks: readonly ChunkRecord[],
): AsyncGenerator<StoredRow> {
  for (const chunk of chunks) {
    const rows = await context.ledger.ownFailures(context.runId, chunk.chunk);
    yield* rowsOfChunk(
      context,
      chunk,
      rows.filter((row) => isSendable(row) && context.isMeant(row)),
    );
  }
}

/** The request and the rows line of each failed row of a chunk, where they are still known. */
async function* rowsOfChunk(
  { folder, carriesFields }: ReopenContext,
  chunk: ChunkRecord,
  rows: readonly FailedRow[],
): AsyncGenerator<StoredRow> {
  const byId = new Map(rows.map((row) => [row.customId, row]));
  if (byId.size === 0) return;
  const path = chunkFiles(folder, chunk.chunk).rows;
  if (await exists(path)) {
    const lines = await linesByRow(path, chunk, byId);
    let index = 0;
    for await (const row of storedLines(
      path,
      lines.map(({ line }) => line),
    )) {
      const failed = lines[index]?.row;
      index += 1;
      if (failed !== undefined && failed.request !== null) yield stored(failed, failed.request, row);
    }
  } else if (!carriesFields) {
    // Without carried fields the ledger knows all that stood there.
    for (const row of rows)
      if (row.request !== null) yield stored(row, row.request, Buffer.from(rowsLine(row)));
  }
}

function stored({ customId }: FailedRow, request: string, row: Buffer): StoredRow {
  return { customId, request: Buffer.from(request), row };
}

async function linesByRow(path: string, chunk: ChunkRecord, byId: ReadonlyMap<string, FailedRow>) {
  using rows = await ChunkRows.open(path, chunk.requests);
  return rows.customIds.flatMap((customId, line) => {
    const row = byId.get(customId);
    return row === undefined ? [] : [{ line, row }];
  });
}

function rowsLine({ customId, key, requestHash }: FailedRow): string {
  return JSON.stringify([customId, key, {}, requestHash]);
}
