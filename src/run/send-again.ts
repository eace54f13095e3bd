import { nextChunkNumber } from '../ledger/chunk-record.ts';
import { repack, retriesAreDue } from '../batch/repack.ts';
import type { ChunkLimits } from '../core/chunk-limits.ts';
import type { Collection } from '../job/job.ts';
import type { ChunkDriver } from '../send/driver.ts';

/** Packs the rows that are to be sent again into new files, where it is time, and starts those. @param isUrgent whether it always is */
export async function sendAgain(
  { ledger, run, prepared }: Collection,
  driver: ChunkDriver,
  limits: ChunkLimits,
  isUrgent: boolean,
): Promise<void> {
  const waiting = await ledger.retryQueue(run.runId);
  const { allSubmitted, awaitsBatches } = driver;
  const now = Date.now();
  const fullFile = limits.requests;
  if (!retriesAreDue({ waiting, allSubmitted, awaitsBatches, fullFile, isUrgent, now })) return;
  const rows = await ledger.unfinishedRows(run.runId, fullFile);
  const chunks = await ledger.chunks(run.runId);
  const firstChunk = nextChunkNumber(chunks);
  const { runId, folder } = run;
  const { requestLines: lines, results } = prepared;
  const packed = await repack(
    { ledger, runId, folder, limits, firstChunk, lines, reader: results.reader },
    rows,
  );
  for (const { chunk } of packed) {
    const sealed = await ledger.chunk(run.runId, chunk);
    if (sealed !== null) driver.start(sealed);
  }
}
