import { exists } from '../files/exists.ts';
import { chunkFiles } from '../batch/chunk-files.ts';
import { ChunkRows } from '../batch/chunk-rows.ts';
import { Chunker } from '../batch/chunker.ts';
import { oneItem } from '../batch/repack.ts';
import { storedLines } from '../files/stored-lines.ts';
import type { ChunkRecord, FailedRow, NewChunk } from '../ledger/ledger.ts';
import type { Collection } from '../job/job.ts';
import { chunkLimits } from '../job/settings.ts';

/**
 * Packs rows that had failed for good into new files, from their stored request lines, under the same custom_id. Each
 * file and the rows' move into it is one transaction of the ledger.
 *
 * @returns how many rows were reopened; the others' requests are no longer kept
 */
export async function reopenRows(collection: Collection): Promise<number> {
  const { ledger, run, loaded, prepared } = collection;
  const chunks = await ledger.chunks(run.runId);
  const limits = chunkLimits(loaded.pipeline, prepared.provider.batches.limits);
  await using chunker = new Chunker(run.folder, limits, 1 + (chunks.at(-1)?.chunk ?? 0));
  let inFile: string[] = [];
  let reopened = 0;
  const keep = async (chunk: NewChunk | null): Promise<void> => {
    if (chunk === null) return;
    await ledger.addReopenedChunk(run.runId, chunk, inFile, Date.now());
    reopened += inFile.length;
    inFile = [];
  };
  for (const chunk of chunks) {
    const rows = (await ledger.ownFailures(run.runId, chunk.chunk)).filter(isSendable);
    for await (const { customId, request, row } of linesOf(collection, chunk, rows)) {
      for await (const sealed of chunker.add(oneItem(customId, request, row))) await keep(sealed.chunk);
      inFile.push(customId);
    }
  }
  await keep(await chunker.seal());
  return reopened;
}

/** Whether `retry` sends a failed row again. One that follows another has no request of its own. */
export function isSendable({ stage, sameAs }: FailedRow): boolean {
  return (stage === 'request' || stage === 'answer') && typeof sameAs !== 'string';
}

interface StoredRow {
  readonly customId: string;
  readonly request: Buffer;
  readonly row: Buffer;
}

/** The request and the rows line of each failed row of a chunk, without line feeds, where they are still known. */
async function* linesOf(
  { run, prepared }: Collection,
  chunk: ChunkRecord,
  rows: readonly FailedRow[],
): AsyncGenerator<StoredRow> {
  const byId = new Map(rows.map((row) => [row.customId, row]));
  if (byId.size === 0) return;
  const path = chunkFiles(run.folder, chunk.chunk).rows;
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
  } else if (prepared.results.columns.carried.length === 0) {
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
