import { hasEnded, type BatchRecord } from '../state/batch-record.ts';
import { nowSeconds } from '../state/ids.ts';
import type { BatchContext, RunningBatch } from './batch-context.ts';
import { liveBatch } from './life.ts';

/** Runs batches on its own, whether or not anybody asks for them. */
export class BatchRunner {
  readonly #context: BatchContext;
  readonly #running = new Map<string, { readonly done: Promise<void>; readonly cancel: AbortController }>();
  #nextRank = 0;

  constructor(context: BatchContext) {
    this.#context = context;
  }

  /** Goes on with what an earlier process left unfinished. */
  resume(): void {
    for (const batch of this.#context.batches.unfinished()) this.start(batch);
  }

  start(batch: BatchRecord): void {
    const cancel = new AbortController();
    if (batch.status === 'cancelling') cancel.abort();
    const running = { id: batch.id, rank: this.#nextRank, cancelled: cancel.signal };
    this.#nextRank += 1;
    const done = this.#run(batch, running);
    this.#running.set(batch.id, { done, cancel });
  }

  /** Stops a batch that has not ended; what has been answered by now stays. */
  cancel(batch: BatchRecord): BatchRecord {
    if (batch.status === 'cancelling') return batch;
    const { completed, failed } = batch.request_counts;
    const cancelling = this.#context.batches.update(batch.id, {
      status: 'cancelling',
      cancelling_at: nowSeconds(),
      answered_at_cancel: completed + failed,
    });
    this.#running.get(batch.id)?.cancel.abort();
    return cancelling;
  }

  /** Resolves when no batch is worked on any more. The context's signal must be aborted before. */
  async stopped(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  isReading(fileId: string): boolean {
    return this.#context.batches.unfinished().some((batch) => batch.input_file_id === fileId);
  }

  async #run(batch: BatchRecord, running: RunningBatch): Promise<void> {
    try {
      await liveBatch(this.#context, running);
    } catch (error) {
      this.#fail(batch.id, error);
    }
    await this.#forget(batch);
  }

  #fail(id: string, error: unknown): void {
    if (this.#context.signal.aborted) return;
    console.error(`emulator: batch ${id}:`, error);
    const message = 'The server had an error while processing the batch.';
    this.#context.batches.update(id, {
      status: 'failed',
      failed_at: nowSeconds(),
      errors: [{ code: 'server_error', line: null, message, param: null }],
    });
  }

  async #forget(batch: BatchRecord): Promise<void> {
    this.#running.delete(batch.id);
    const { batches, files, signal } = this.#context;
    if (signal.aborted) return;
    const ended = batches.get(batch.id);
    if (ended === undefined || !hasEnded(ended)) return;
    // A file that was deleted while a batch read it has kept its content until now.
    const fileId = batch.input_file_id;
    if (files.get(fileId) === undefined && !this.isReading(fileId)) await files.deleteContent(fileId);
  }
}
