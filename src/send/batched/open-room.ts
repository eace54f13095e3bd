import { WaitingRoom } from './waiting-room.ts';
import type { Collection } from '../../job/job.ts';
import { pollIntervalMs } from '../../job/settings.ts';

/** Opens the room in which the chunks of a run wait for the provider. */
export async function openRoom({ ledger, run, loaded, prepared, host }: Collection): Promise<WaitingRoom> {
  const { request, batch } = loaded.pipeline;
  const { provider, isEmulator } = prepared;
  const room = new WaitingRoom({
    ledger,
    provider,
    runId: run.runId,
    model: request.model,
    countsInputs: request.endpoint === 'embeddings',
    limits: {
      tokens: batch.max_enqueued_tokens ?? null,
      inputs: provider.limits.maxEnqueuedInputs,
      batchesAnHour: provider.limits.maxBatchesAnHour,
    },
    lookMs: pollIntervalMs(loaded.pipeline, isEmulator),
    signal: host.signals.drain,
    emit: host.emit,
  });
  await room.open();
  return room;
}
