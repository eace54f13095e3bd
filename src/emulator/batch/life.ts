import { nowSeconds } from '../state/ids.ts';
import type { BatchFault, BatchRecord } from '../state/batch-record.ts';
import type { BatchContext, RunningBatch } from './batch-context.ts';
import { FileCheck } from './check-file.ts';
import { executeBatch, type Results, type Totals } from './execute.ts';
import { readLineBlocks } from '../line-blocks.ts';
import { ResultFile } from './result-file.ts';
import { timetable } from './timetable.ts';
import { waitUntil } from './wait.ts';

/**
 * Brings a batch from whatever state its record is in to its end:
 *
 *     validating --> in_progress --> finalizing --> completed
 *         |               |              |
 *         |               +--------------+--> cancelling --> cancelled
 *         +--> failed, or cancelling --> cancelled
 *
 * Each state is in the database before it is seen, so after a crash the same call goes on from there.
 */
export async function liveBatch(context: BatchContext, batch: RunningBatch): Promise<void> {
  const life = new BatchLife(context, batch);
  if (life.record.request_counts.total === 0 && !(await life.validate())) return;
  await life.execute();
}

class BatchLife {
  readonly #context: BatchContext;
  readonly #batch: RunningBatch;

  constructor(context: BatchContext, batch: RunningBatch) {
    this.#context = context;
    this.#batch = batch;
  }

  get record(): BatchRecord {
    const record = this.#context.batches.get(this.#batch.id);
    if (record === undefined) throw new Error(`batch ${this.#batch.id} is gone`);
    return record;
  }

  get #isCancelling(): boolean {
    return this.record.status === 'cancelling';
  }

  /** @returns whether there is something to execute */
  async validate(): Promise<boolean> {
    const check = await this.#checkFile();
    await this.#wait(this.#times.startsAt);
    const faults = check.faults();
    if (faults.length > 0) {
      this.#refuse(faults);
      return false;
    }
    const request_counts = { total: check.requests, completed: 0, failed: 0 };
    this.#update({ model: check.model, request_counts });
    if (!this.#isCancelling) this.#update({ status: 'in_progress', in_progress_at: nowSeconds() });
    return true;
  }

  async execute(): Promise<void> {
    await using output = await ResultFile.create(this.#context.files);
    await using errors = await ResultFile.create(this.#context.files);
    const totals = await executeBatch(this.#context, this.#batch, { output, errors });
    await this.#wait(this.#times.finalizesAt);
    if (this.record.status === 'in_progress')
      this.#update({ status: 'finalizing', finalizing_at: nowSeconds() });
    await this.#wait(this.#times.endsAt);
    await this.#end(totals, { output, errors });
  }

  async #checkFile(): Promise<FileCheck> {
    const { endpoint, input_file_id: file } = this.record;
    const check = new FileCheck(endpoint);
    for await (const block of readLineBlocks(this.#context.files.path(file), this.#context.signal)) {
      // oxlint-disable-next-line typescript/require-await -- the lane takes work of either kind
      await this.#context.lane.run(this.#batch.rank, async () => check.add(block));
    }
    return check;
  }

  #refuse(errors: readonly BatchFault[]): void {
    this.#context.bill.write({ event: 'refused', batch_id: this.#batch.id });
    const now = nowSeconds();
    if (this.#isCancelling) this.#update({ status: 'cancelled', cancelled_at: now });
    else this.#update({ status: 'failed', failed_at: now, errors });
  }

  async #end(totals: Totals, results: Results): Promise<void> {
    const lifetime = this.record.output_lifetime;
    const output_file_id = await results.output.publish(`${this.#batch.id}_output.jsonl`, lifetime);
    const error_file_id = await results.errors.publish(`${this.#batch.id}_error.jsonl`, lifetime);
    const { completed, failed, usage } = totals;
    const request_counts = { total: this.record.request_counts.total, completed, failed };
    const outcome = { output_file_id, error_file_id, usage, request_counts };
    const now = nowSeconds();
    if (this.#isCancelling) {
      const answered = completed + failed;
      this.#context.bill.write({ event: 'cancelled', batch_id: this.#batch.id, answered });
      this.#update({ ...outcome, status: 'cancelled', cancelled_at: now });
    } else this.#update({ ...outcome, status: 'completed', completed_at: now });
  }

  get #times() {
    return timetable(this.record.created_ms, this.#context.latencyMs);
  }

  async #wait(moment: number): Promise<void> {
    await waitUntil(moment, this.#batch.cancelled, this.#context.signal);
  }

  #update(change: Partial<BatchRecord>): void {
    this.#context.batches.update(this.#batch.id, change);
  }
}
