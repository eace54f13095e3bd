import { BatchlineError } from '../../core/errors.ts';
import type { FileLimit } from '../../batch/file-limit.ts';
import { providerRetry, waitBefore } from '../../core/retry.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import type { TooLarge } from '../../ledger/room.ts';
import { type Lane, later, left, moved, type Step } from '../lane.ts';
import { stageOf } from '../stages.ts';
import { BatchWatch } from './batch-watch.ts';
import type { BatchContext } from './context.ts';
import { endBatch } from './end-batch.ts';
import { noteBegun } from './batch-times.ts';
import { fetchResults } from './fetch-results.ts';
import { Memories, type Memory } from './memory.ts';
import { settleCreate } from './settle.ts';
import { createBatch, intendUpload, upload } from './submit.ts';

/** Through the provider's batch API: upload, create, wait for the end, fetch the results. */
export class BatchLane implements Lane {
  readonly #context: BatchContext;
  readonly #watch: BatchWatch;
  readonly #memories = new Memories();

  constructor(context: BatchContext) {
    this.#context = context;
    this.#watch = new BatchWatch(context);
  }

  /** A call that failed and may succeed when it is made again is made again by a later step. */
  async step(chunk: ChunkRecord): Promise<Step> {
    const memory = this.#memories.of(chunk);
    if (memory.notBefore > Date.now()) return later(memory.notBefore, 'retry');
    try {
      const step = await this.#step(chunk, memory);
      if (step.kind === 'moved' && chunk.state !== 'submitted' && step.chunk.state === 'submitted') {
        this.#watch.begin(step.chunk);
        await noteBegun(this.#context, step.chunk);
      }
      if (step.kind === 'moved' && !isUnderWay(step.chunk)) this.#memories.forget(chunk);
      return step;
    } catch (error) {
      this.#context.signals.drain.throwIfAborted();
      if (!(error instanceof BatchlineError) || !error.retryable) throw error;
      memory.tries += 1;
      if (memory.tries >= providerRetry.attempts) throw error;
      const waitMs = waitBefore(error, memory.tries, providerRetry);
      this.#context.emit({ type: 'StepRetried', step: doing(chunk), message: error.message, waitMs });
      memory.notBefore = Date.now() + waitMs;
      return later(memory.notBefore, 'retry');
    }
  }

  async #step(chunk: ChunkRecord, memory: Memory): Promise<Step> {
    switch (chunk.state) {
      case 'sealed':
      case 'uploading':
      case 'uploaded':
        return this.#send(chunk, memory);
      case 'creating':
        return settleCreate(this.#context, chunk, memory);
      case 'submitted':
        return endBatch(this.#context, this.#watch, chunk, memory);
      case 'ended':
        return fetchResults(this.#context, chunk, memory);
      case 'asking':
      case 'downloaded':
      case 'held':
      case 'loaded':
      case 'refused':
      case 'superseded':
        return left;
    }
  }

  /** Sends a chunk once the provider has room for it; a file that has to wait is not uploaded yet. */
  async #send(chunk: ChunkRecord, memory: Memory): Promise<Step> {
    const { pass, room, unsent, maxBytes } = this.#context;
    if (!pass.sends) return left;
    if (chunk.bytes > maxBytes)
      return moved(await unsent.superseded(chunk, { of: 'bytes', limit: maxBytes, largestRow: maxBytes }));
    const admission = await room.look(chunk);
    if (admission === null) return pass.waits ? room.wait() : left;
    if (admission.kind === 'too_large') return moved(await unsent.superseded(chunk, tokenLimit(admission)));
    if (chunk.state === 'sealed') return intendUpload(this.#context, chunk);
    if (chunk.state === 'uploading') return upload(this.#context, chunk);
    return createBatch(this.#context, chunk, memory);
  }
}

/** Whether this lane has anything more to do with a chunk. */
function isUnderWay({ state }: ChunkRecord): boolean {
  const stage = stageOf(state);
  return stage !== null && stage !== 'load';
}

function tokenLimit({ cap, largest }: TooLarge): FileLimit {
  return { of: 'tokens', limit: cap.tokens, largestRow: cap.isStated ? largest : null };
}

/** What a step of a chunk does, for the message that it is done again. */
function doing({ chunk, state }: ChunkRecord): string {
  if (state === 'creating') return `look for batch ${chunk}`;
  if (state === 'ended') return `download of the results of file ${chunk}`;
  return `upload of file ${chunk}`;
}
