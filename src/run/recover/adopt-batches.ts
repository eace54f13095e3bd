import { rm } from 'node:fs/promises';
import { chunkFiles } from '../../batch/chunk-files.ts';
import { DurableWriter } from '../../files/durable-writer.ts';
import type { RemoteBatch } from '../../core/batch-side.ts';
import { BatchlineError, errorCode } from '../../core/errors.ts';
import type { OpenedProvider } from '../../core/provider.ts';
import { providerRetry, retry } from '../../core/retry.ts';
import type { AdoptedChunk } from '../../ledger/ledger.ts';
import { readLineBlocks } from '../../files/line-reader.ts';
import type { RequestLines } from '../../request/request-lines.ts';
import type { AdoptedIds } from './adopted-ids.ts';
import { answeredRequests, noteAnswered, type HeldRequest } from './answered-requests.ts';
import type { LabelledBatch } from './strangers.ts';
import type { Host } from '../../core/host.ts';
import type { RowsLine } from './recovered-rows.ts';
import type { WantedRows } from './wanted-rows.ts';

/** The newest try of each chunk of a run that may have answers, the last chunk first. */
export function chunksOf(batches: readonly LabelledBatch[]): readonly LabelledBatch[] {
  const byChunk = Map.groupBy(batches.filter(mayHaveAnswers), ({ label }) => label.chunk);
  return [...byChunk.entries()]
    .toSorted(([a], [b]) => b - a)
    .flatMap(([, tries]) => tries.toSorted((a, b) => b.label.attempt - a.label.attempt).slice(0, 1));
}

function mayHaveAnswers({ status, results }: RemoteBatch): boolean {
  return status !== 'failed' || results.some(({ holds }) => holds !== 'errors');
}

export interface Download {
  readonly batch: LabelledBatch;
  /** The batch's input file, as downloaded; null where the provider keeps none, so that its answers tell its requests. */
  readonly path: string | null;
}

export interface DownloadContext {
  readonly provider: OpenedProvider;
  readonly folder: string;
  readonly host: Host;
  readonly ids: AdoptedIds;
  readonly lines: RequestLines;
}

/**
 * Downloads a batch's input file, which says what was sent, and notes its custom_ids. Null where nothing tells, as
 * where the provider no longer has it.
 */
export async function downloadInput(
  context: DownloadContext,
  batch: LabelledBatch,
): Promise<Download | null> {
  const { provider, folder, host, ids, lines } = context;
  const path = `${chunkFiles(folder, batch.label.chunk).requests}.input`;
  const { input } = batch;
  if (input === null) return (await noteAnswered(context, batch)) ? { batch, path: null } : null;
  try {
    await retry({ ...providerRetry, attempts: 5, signal: host.signals.drain }, () =>
      provider.batches.fetch(batch.id, input, path, host.signals.drain),
    );
  } catch (error) {
    if (errorCode(error) === 'file_not_found') return null;
    throw error;
  }
  for await (const line of linesOf(path, host)) ids.add(idOf(lines, line, batch));
  return { batch, path };
}

function idOf(lines: RequestLines, line: Buffer, { id }: LabelledBatch): string {
  try {
    return lines.idOf(line);
  } catch (error) {
    throw new BatchlineError(
      'foreign_batch',
      `The input file of batch ${id} holds requests that this tool did not write.`,
      {
        hint: 'Name the batches that `pipeline run` of this pipeline has made.',
        exitCode: 2,
        cause: error,
      },
    );
  }
}

export interface Adoption {
  readonly adopted: AdoptedChunk | null;
  /** Requests whose rows are not known any more. */
  readonly lost: number;
}

/**
 * Writes the files of a chunk for a batch that is adopted. A row stands in the last chunk that carried it alone, so that
 * what an earlier batch failed to answer is not sent once more: the last chunk is to be adopted first.
 *
 * @param wanted what is adopted of it; null: all that it holds
 */
export async function adoptBatch(
  context: DownloadContext,
  download: Download,
  rowsLine: RowsLine,
  wanted: WantedRows | null,
): Promise<Adoption> {
  const { provider, folder, ids, lines } = context;
  const { batch, path } = download;
  const { chunk, attempt } = batch.label;
  const files = chunkFiles(folder, chunk);
  await using requests = await DurableWriter.create(files.requests);
  await using rows = await DurableWriter.create(files.rows);
  let kept = 0;
  let lost = 0;
  let tokens = 0;
  for await (const { customId, line } of requestsOf(context, download)) {
    if (wanted !== null && line !== null && wanted.match(line) === null) continue;
    if (!ids.take(customId)) continue;
    const row = line === null ? null : rowsLine(customId, line);
    if (line === null || row === null) {
      lost += 1;
      continue;
    }
    await requests.append(Buffer.concat([line, lineFeed]));
    await rows.append(Buffer.from(`${row}\n`));
    tokens += lines.tokensOf(line);
    kept += 1;
  }
  if (path !== null) await rm(path, { force: true });
  if (kept === 0) return { adopted: null, lost };
  const { bytes } = requests;
  await rows.finish();
  const sha256 = await requests.finish();
  const { id: batchId, status: batchStatus, input: stored, expiresAt } = batch;
  const { account } = provider;
  return {
    adopted: {
      chunk: { chunk, requests: kept, bytes, tokens, sha256 },
      patch: { batchId, batchStatus, stored, expiresAt, account, attempt },
    },
    lost,
  };
}

async function* requestsOf(context: DownloadContext, { batch, path }: Download): AsyncGenerator<HeldRequest> {
  if (path === null) yield* answeredRequests(context, batch);
  else
    for await (const line of linesOf(path, context.host)) yield { customId: context.lines.idOf(line), line };
}

const lineFeed = Buffer.from('\n');

async function* linesOf(path: string, { signals }: Host): AsyncGenerator<Buffer> {
  for await (const { buffer, count, starts, ends } of readLineBlocks(path, { signal: signals.drain })) {
    for (let line = 0; line < count; line += 1) yield buffer.subarray(starts[line] ?? 0, ends[line] ?? 0);
  }
}
