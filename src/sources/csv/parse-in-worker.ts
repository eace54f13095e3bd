import { on } from 'node:events';
import { Worker } from 'node:worker_threads';
import { BatchlineError, errorCode } from '../../core/errors.ts';
import type { InputText, TextFile } from '../file/input-text.ts';
import type { PackedRecords } from './packed-records.ts';
import type { ParsePlan } from './parse-text.ts';
import type { ParseTask, WorkerMessage } from './worker-messages.ts';

/** A young generation as small as the main thread's; the old one must hold the largest record a few times. */
const resourceLimits = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 512 };

/**
 * `parseText` in a thread of its own, so that parsing and what becomes of the records go on side by side.
 *
 * @throws BatchlineError
 */
export async function* parseInWorker(
  file: TextFile,
  plan: ParsePlan,
  onFault: InputText['onFault'],
  signal: AbortSignal,
): AsyncGenerator<PackedRecords, void, undefined> {
  signal.throwIfAborted();
  const inFlight = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const workerData: ParseTask = { file, plan, inFlight };
  const worker = new Worker(workerUrl(), { workerData, resourceLimits });
  // What goes wrong once nobody listens any more, because the thread is being ended, must not end the process.
  worker.on('error', () => undefined);
  try {
    for await (const [message] of on(worker, 'message', { signal, close: ['exit'] })) {
      const received = message as WorkerMessage;
      if (received.type === 'fault') onFault(received.fault);
      if (received.type === 'failed') throw new BatchlineError(received.code, received.message, received);
      if (received.type !== 'records') continue;
      yield received.records;
      Atomics.sub(inFlight, 0, 1);
      Atomics.notify(inFlight, 0);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw errorCode(error) === 'ERR_WORKER_OUT_OF_MEMORY' ? outOfMemory(file, error) : error;
  } finally {
    await worker.terminate();
  }
}

/** The thread runs what stands beside this file: the source as it is, or what was built from it. */
function workerUrl(): URL {
  const name = import.meta.url.endsWith('.ts') ? './parse-worker.ts' : './parse-worker.js';
  return new URL(name, import.meta.url);
}

function outOfMemory({ name }: TextFile, cause: unknown): BatchlineError {
  return new BatchlineError('record_too_large', 'a record is too large to be read', {
    where: name,
    hint: 'Most likely a quote is never closed: check `quote` and the file.',
    cause,
  });
}
