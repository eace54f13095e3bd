import type { Host } from '../../core/host.ts';
import { providerName } from '../../forecast/provider-name.ts';
import { jobOf } from '../../job/fingerprint.ts';
import type { Collection } from '../../job/job.ts';
import { chunkLimits, pollIntervalMs, settleMs } from '../../job/settings.ts';
import type { Ways } from '../auto/ways.ts';
import { BatchLane } from './batch-lane.ts';
import type { UnsentRows } from './context.ts';
import { WholeRefusals } from './refusal.ts';
import { WaitingRoom } from './waiting-room.ts';

/** Opens the room in which the chunks of a run wait for the provider. */
export async function openRoom({ ledger, run, loaded, prepared, host }: Collection): Promise<WaitingRoom> {
  const { request, batch } = loaded.pipeline;
  const { provider, isEmulator } = prepared;
  const { batches, account } = provider;
  const room = new WaitingRoom({
    ledger,
    batches,
    account,
    runId: run.runId,
    model: request.model,
    countsInputs: request.endpoint === 'embeddings',
    limits: {
      tokens: batch.max_enqueued_tokens ?? null,
      inputs: batches.limits.maxEnqueuedInputs,
      batchesAnHour: batches.limits.maxBatchesAnHour,
      batchesUnderWay: batches.limits.maxBatchesUnderWay ?? Infinity,
    },
    lookMs: pollIntervalMs(loaded.pipeline, isEmulator),
    signal: host.signals.drain,
    emit: host.emit,
  });
  await room.open();
  return room;
}

/** The way of a run's chunks through the provider's batch API. */
export function openLane(
  { ledger, run, loaded, prepared, pass }: Collection,
  room: WaitingRoom,
  unsent: UnsentRows,
  ways: Ways,
  { signals, emit }: Host,
): BatchLane {
  const { request, batch } = loaded.pipeline;
  const { batches, account } = prepared.provider;
  const lookMs = pollIntervalMs(loaded.pipeline, prepared.isEmulator);
  return new BatchLane({
    ledger,
    batches,
    account,
    providerName: providerName(loaded.pipeline),
    pipeline: loaded.name,
    job: jobOf(loaded),
    runId: run.runId,
    folder: run.folder,
    path: run.path,
    request,
    lines: prepared.requestLines,
    completionWindow: batch.completion_window,
    expiresAfterMs: batch.expires_after,
    late: batch.late ?? (batches.mayEndLate === true ? 'wait' : 'cancel'),
    lookMs,
    settleMs: settleMs(lookMs),
    pass,
    ways,
    maxBytes: chunkLimits(loaded.pipeline, batches.limits).bytes,
    refusals: new WholeRefusals(),
    room,
    unsent,
    signals,
    emit,
  });
}
