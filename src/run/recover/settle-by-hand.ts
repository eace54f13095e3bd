import { chunkFiles } from '../../batch/chunk-files.ts';
import { holdAgainst } from '../../batch/held-against.ts';
import { SentRequests } from '../../batch/sent-requests.ts';
import { hasEnded, type RemoteBatch } from '../../core/batch-side.ts';
import { BatchlineError, errorCode } from '../../core/errors.ts';
import type { Reading } from '../../job/job.ts';
import type { ChunkRecord, RunRecord } from '../../ledger/ledger.ts';
import { telling } from '../open-run.ts';
import { own } from '../run-lock.ts';
import { knownBatch, lookAt } from './finds.ts';

type Look = Omit<Reading, 'run'>;

/** A file of which it is not known whether its batch was created. */
interface Doubt {
  readonly run: RunRecord;
  readonly chunk: ChunkRecord;
}

/**
 * Gives batches that a person names to the files that they were created for, where that is in doubt.
 *
 * @returns those that are no such file's
 * @throws BatchlineError `unknown_batch`, `known_batch`, `batch_not_ended`
 */
export async function settleByHand(look: Look, ids: readonly string[]): Promise<readonly string[]> {
  const others: string[] = [];
  for (const id of new Set(ids)) {
    const batch = await lookAt(look, id);
    const isNameless = batch.label === null && batch.input === null;
    const doubt = isNameless ? await doubtAbout(look, batch) : null;
    if (doubt === null) others.push(id);
    else await settle(look, batch, doubt);
  }
  return others;
}

async function doubtAbout(look: Look, batch: RemoteBatch): Promise<Doubt | null> {
  const doubts = await doubtsOfSize(look, batch.counts?.total ?? 0);
  if (doubts.length === 0) return null;
  if (!hasEnded(batch.status)) {
    const [only] = doubts;
    if (only !== undefined && doubts.length === 1) return only;
    throw notEnded(batch, doubts);
  }
  let best: Doubt | null = null;
  let most = 0;
  for (const doubt of doubts) {
    const shared = await sharedIds(look, batch, doubt);
    if (shared > most) [best, most] = [doubt, shared];
  }
  return best;
}

/** @param total how many requests the batch has; 0 where the provider does not say */
async function doubtsOfSize({ ledger, loaded }: Look, total: number): Promise<readonly Doubt[]> {
  const doubts: Doubt[] = [];
  for (const run of await ledger.runs(loaded.name))
    for (const chunk of await ledger.chunks(run.runId))
      if (chunk.state === 'creating' && (total === 0 || total === chunk.requests))
        doubts.push({ run, chunk });
  return doubts;
}

/** How many ids of the file stand in the batch's results; all of them where these are gone, for want of another word. */
async function sharedIds(
  { loaded, prepared, host }: Look,
  { id, results }: RemoteBatch,
  { run, chunk }: Doubt,
): Promise<number> {
  const { provider, requestLines: lines } = prepared;
  const { drain } = host.signals;
  const path = chunkFiles(run.folder, chunk.chunk).requests;
  const sent = await SentRequests.read(path, chunk.requests, lines, drain);
  const parts = results.map((part) => provider.batches.read(id, part.id, drain));
  const { model } = loaded.pipeline.request;
  try {
    return (await holdAgainst({ sent, lines, model, tokensPerEstimate: 1 }, parts)).ids;
  } catch (error) {
    if (errorCode(error) === 'file_not_found') return sent.count;
    throw error;
  }
}

async function settle(look: Look, batch: RemoteBatch, { run, chunk }: Doubt): Promise<void> {
  const { ledger } = look;
  await using _owned = await own(ledger, run);
  const { id: batchId, status: batchStatus, expiresAt } = batch;
  const settled = await ledger.adoptBatch(chunk, { batchId, batchStatus, expiresAt });
  if (settled === null) throw knownBatch(batchId, run.runId);
  const { host } = telling(look, run.runId);
  host.emit({ type: 'BatchSubmitted', chunk: chunk.chunk, batchId, adopted: true });
  if (run.status !== 'cancelled' && !run.cancelRequested) return;
  const message = `Run ${run.runId} was cancelled; \`pipeline cancel ${run.runId}\` loads what batch ${batchId} has answered.`;
  host.emit({ type: 'Warned', message });
}

function notEnded({ id }: RemoteBatch, doubts: readonly Doubt[]): BatchlineError {
  return new BatchlineError(
    'batch_not_ended',
    `Batch ${id} has not ended, and ${doubts.length} files of this pipeline may be the one that it was created for.`,
    { hint: 'Type the command again once it has ended: its answers tell which.', exitCode: 3 },
  );
}
