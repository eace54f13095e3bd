import { hasEnded, hasUnnamedResults } from '../../core/batch-side.ts';
import { errorCode } from '../../core/errors.ts';
import { longestRow } from '../../core/longest-row.ts';
import { providerRetry, retry } from '../../core/retry.ts';
import { lineBlocks } from '../../files/line-reader.ts';
import type { DownloadContext } from './adopt-batches.ts';
import type { LabelledBatch } from './strangers.ts';

/** A request that a batch holds; without its line where nothing tells any more what it was. */
export interface HeldRequest {
  readonly customId: string;
  readonly line: Buffer | null;
}

/**
 * Notes the custom_ids of a batch of which the provider keeps no input: its answers tell them.
 *
 * @returns whether they do
 */
export async function noteAnswered(context: DownloadContext, batch: LabelledBatch): Promise<boolean> {
  if (!hasEnded(batch.status) || hasUnnamedResults(batch) || batch.results.length === 0) return false;
  const { host, ids } = context;
  ids.wantsRequests = true;
  try {
    await retry({ ...providerRetry, attempts: 5, signal: host.signals.drain }, async () => {
      for await (const customId of answeredIds(context, batch)) ids.add(customId);
    });
    return true;
  } catch (error) {
    if (errorCode(error) === 'file_not_found' || errorCode(error) === 'batch_not_found') return false;
    throw error;
  }
}

/** The requests of such a batch, as the rows of their ids are rendered now. */
export async function* answeredRequests(
  context: DownloadContext,
  batch: LabelledBatch,
): AsyncGenerator<HeldRequest> {
  for await (const customId of answeredIds(context, batch))
    yield { customId, line: context.ids.requestOf(customId) };
}

async function* answeredIds(
  { provider, host, lines }: DownloadContext,
  { id, results }: LabelledBatch,
): AsyncGenerator<string> {
  for (const part of results) {
    const content = provider.batches.read(id, part.id, host.signals.drain);
    for await (const { buffer, count, starts, ends } of lineBlocks(content, longestRow)) {
      for (let line = 0; line < count; line += 1) {
        const said = lines.saidIn(buffer.subarray(starts[line] ?? 0, ends[line] ?? 0));
        if (said !== null) yield said.customId;
      }
    }
  }
}
