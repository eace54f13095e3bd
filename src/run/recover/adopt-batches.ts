import { rm } from 'node:fs/promises';
import { chunkFiles } from '../../batch/chunk-files.ts';
import { DurableWriter } from '../../files/durable-writer.ts';
import { errorCode } from '../../core/errors.ts';
import type { OpenedProvider, RemoteBatch } from '../../core/provider.ts';
import { providerRetry, retry } from '../../core/retry.ts';
import type { AdoptedChunk } from '../../ledger/ledger.ts';
import { readLineBlocks } from '../../files/line-reader.ts';
import type { RequestLines } from '../../request/request-lines.ts';
import type { AdoptedIds } from './adopted-ids.ts';
import type { Host } from '../../core/host.ts';
import type { RowsLine } from './recovered-rows.ts';

/** The newest try of each chunk of a run that may have answers, the last chunk first. */
export function chunksOf(batches: readonly RemoteBatch[]): readonly RemoteBatch[] {
  const byChunk = Map.groupBy(
    batches.filter(({ status, outputFileId }) => status !== 'failed' || outputFileId !== null),
    (batch) => number(batch, 'batchline_chunk'),
  );
  return [...byChunk.entries()]
    .filter(([chunk]) => Number.isSafeInteger(chunk) && chunk > 0)
    .toSorted(([a], [b]) => b - a)
    .flatMap(([, tries]) =>
      tries.toSorted((a, b) => number(b, 'batchline_try') - number(a, 'batchline_try')).slice(0, 1),
    );
}

function number({ metadata }: RemoteBatch, name: string): number {
  return Number(metadata[name] ?? Number.NaN);
}

export interface Download {
  readonly batch: RemoteBatch;
  readonly chunk: number;
  /** The batch's input file, as downloaded. */
  readonly path: string;
}

export interface DownloadContext {
  readonly provider: OpenedProvider;
  readonly folder: string;
  readonly host: Host;
  readonly ids: AdoptedIds;
  readonly lines: RequestLines;
}

/**
 * Downloads a batch's input file, which says what was sent, and notes its custom_ids. Null where the provider no longer
 * has it.
 */
export async function downloadInput(
  { provider, folder, host, ids, lines }: DownloadContext,
  batch: RemoteBatch,
): Promise<Download | null> {
  const chunk = Number(batch.metadata['batchline_chunk']);
  const path = `${chunkFiles(folder, chunk).requests}.input`;
  const { inputFileId } = batch;
  if (inputFileId === null) return null;
  try {
    await retry({ ...providerRetry, attempts: 5, signal: host.signals.drain }, () =>
      provider.download(inputFileId, path, host.signals.drain),
    );
  } catch (error) {
    if (errorCode(error) === 'file_not_found') return null;
    throw error;
  }
  for await (const line of linesOf(path, host)) ids.add(lines.idOf(line));
  return { batch, chunk, path };
}

export interface Adoption {
  readonly adopted: AdoptedChunk | null;
  /** Requests whose rows are not known any more. */
  readonly lost: number;
}

/**
 * Writes the files of a chunk for a batch that is adopted. A row stands in the last chunk that carried it alone, so that
 * what an earlier batch failed to answer is not sent once more: the last chunk is to be adopted first.
 */
export async function adoptBatch(
  { provider, folder, host, ids, lines }: DownloadContext,
  { batch, chunk, path }: Download,
  rowsLine: RowsLine,
): Promise<Adoption> {
  const files = chunkFiles(folder, chunk);
  await using requests = await DurableWriter.create(files.requests);
  await using rows = await DurableWriter.create(files.rows);
  let kept = 0;
  let lost = 0;
  let tokens = 0;
  for await (const line of linesOf(path, host)) {
    const customId = lines.idOf(line);
    if (!ids.take(customId)) continue;
    const row = rowsLine(customId, line);
    if (row === null) {
      lost += 1;
      continue;
    }
    await requests.append(Buffer.concat([line, lineFeed]));
    await rows.append(Buffer.from(`${row}\n`));
    tokens += lines.tokensOf(line);
    kept += 1;
  }
  await rm(path, { force: true });
  if (kept === 0) return { adopted: null, lost };
  const { bytes } = requests;
  await rows.finish();
  const sha256 = await requests.finish();
  const { id: batchId, status: batchStatus, inputFileId: fileId, expiresAt } = batch;
  const account = provider.accountFingerprint;
  const attempt = Number(batch.metadata['batchline_try'] ?? 1) || 1;
  return {
    adopted: {
      chunk: { chunk, requests: kept, bytes, tokens, sha256 },
      patch: { batchId, batchStatus, fileId, expiresAt, account, attempt },
    },
    lost,
  };
}

const lineFeed = Buffer.from('\n');

async function* linesOf(path: string, { signals }: Host): AsyncGenerator<Buffer> {
  for await (const { buffer, count, starts, ends } of readLineBlocks(path, { signal: signals.drain })) {
    for (let line = 0; line < count; line += 1) yield buffer.subarray(starts[line] ?? 0, ends[line] ?? 0);
  }
}
