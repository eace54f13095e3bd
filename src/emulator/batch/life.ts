import { batchFaultOf } from '../faults/batch-plan.ts';
import { formOf } from '../batch-forms.ts';
import { enqueuedTokenLimit, plannedErrors, tokenLimitExceeded } from '../faults/rejection.ts';
import { nowSeconds } from '../state/ids.ts';
import type { BatchError, BatchRecord } from '../state/batch-record.ts';
import type { BatchContext, RunningBatch } from './batch-context.ts';
import { FileCheck } from './check-file.ts';
import { executeBatch, type Results, type Totals } from './execute.ts';
import { readLines } from '../../files/line-reader.ts';
import { publishResults } from './publish-results.ts';
import { ResultFile } from './result-file.ts';
import { timetable } from './timetable.ts';
import { waitUntil } from './wait.ts';

const noTotals: Totals = { completed: 0, failed: 0, usage: { input: 0, output: 0 } };

/**
 * Brings a batch from whatever state its record is in to its end:
 *
 *     validating --> in_progress --> finalizing --> completed
 *         |               |              |
 *         |               +--------------+--> cancelling --> cancelled
 *         |               +--> expired, where a fault says so
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
    return this.#context.batches.require(this.#batch.id);
  }

  get #isCancelling(): boolean {
    return this.record.status === 'cancelling';
  }

  /** @returns whether there is something to execute */
  async validate(): Promise<boolean> {
    const check = await this.#checkFile();
    await this.#wait(this.#times.startsAt);
    const errors = [...check.faults(), ...plannedErrors(this.record.plan), ...this.#overLimit(check)];
    if (errors.length > 0) {
      this.#refuse(errors);
      return false;
    }
    const request_counts = { total: check.requests, completed: 0, failed: 0 };
    this.#update({ model: check.model ?? this.record.model, request_counts, enqueued_tokens: check.tokens });
    if (!this.#isCancelling) this.#update({ status: 'in_progress', in_progress_at: nowSeconds() });
    return true;
  }

  async execute(): Promise<void> {
    const form = formOf(this.record.endpoint);
    await using output = await ResultFile.create(
      this.#context.files,
      form.results,
      this.#context.faults.manners,
    );
    await using failed = form.hasErrorFile
      ? await ResultFile.create(this.#context.files, form.results, this.#context.faults.manners)
      : null;
    const errors = failed ?? output;
    const totals = await executeBatch(this.#context, this.#batch, { output, errors });
    await this.#wait(this.#times.finalizesAt);
    if (this.record.status === 'in_progress') this.#finish(totals);
    await this.#wait(this.#times.endsAt);
    await this.#waitCancelling();
    await this.#end(totals, { output, errors });
  }

  async #checkFile(): Promise<FileCheck> {
    const { endpoint, input_file_id: file } = this.record;
    const countsTokens = (this.record.plan?.enqueuedTokens ?? null) !== null;
    const check = new FileCheck(endpoint, countsTokens, this.#context.faults.fileLimits.requests);
    for await (const block of readLines(this.#context.files.path(file), this.#context.signal)) {
      // oxlint-disable-next-line typescript/require-await -- the lane takes work of either kind
      await this.#context.lane.run(this.#batch.rank, async () => check.add(block));
    }
    return check;
  }

  /** What the batch is refused for where it has more tokens than may be enqueued beside those of others. */
  #overLimit(check: FileCheck): readonly BatchError[] {
    const model = check.model ?? this.record.model;
    const { tokens } = check;
    const limit = enqueuedTokenLimit(this.record.plan, model ?? '');
    if (limit === undefined || model === null || tokens === null) return [];
    const others = this.#context.batches.unfinished().filter((batch) => batch.model === model);
    const enqueued = others.reduce((sum, batch) => sum + (batch.enqueued_tokens ?? 0), 0);
    return enqueued + tokens > limit ? [tokenLimitExceeded(model, limit)] : [];
  }

  /** Passes on from `in_progress`, unless it is to expire in it. */
  #finish({ completed, failed }: Totals): void {
    if (batchFaultOf(this.record.plan, 'expired') !== undefined) return;
    const now = nowSeconds();
    if (batchFaultOf(this.record.plan, 'cancelled') === undefined) {
      this.#update({ status: 'finalizing', finalizing_at: now });
      return;
    }
    const answered_at_cancel = completed + failed;
    this.#update({ status: 'cancelling', cancelling_at: now, answered_at_cancel });
  }

  async #waitCancelling(): Promise<void> {
    const last = batchFaultOf(this.record.plan, 'phases')?.cancelling;
    if (last === undefined || !this.#isCancelling) return;
    await waitUntil(Date.now() + last, new AbortController().signal, this.#context.signal);
  }

  #refuse(errors: readonly BatchError[]): void {
    this.#context.bill.write({ event: 'refused', batch_id: this.#batch.id });
    const now = nowSeconds();
    if (this.#isCancelling) this.#update({ status: 'cancelled', cancelled_at: now });
    else this.#update({ status: 'failed', failed_at: now, errors });
  }

  async #end(totals: Totals, results: Results): Promise<void> {
    const isExpired = !this.#isCancelling && batchFaultOf(this.record.plan, 'expired') !== undefined;
    const isKept = !isExpired || formOf(this.record.endpoint).keepsExpired;
    const files = isKept ? await publishResults(this.#context, this.record, results) : {};
    const { completed, failed, usage } = isKept ? totals : noTotals;
    const request_counts = { total: this.record.request_counts.total, completed, failed };
    const outcome = { ...files, usage, request_counts };
    const now = nowSeconds();
    const bill = (event: 'cancelled' | 'expired'): void =>
      this.#context.bill.write({ event, batch_id: this.#batch.id, answered: completed + failed });
    if (this.#isCancelling) {
      bill('cancelled');
      this.#update({ ...outcome, status: 'cancelled', cancelled_at: now });
    } else if (isExpired) {
      bill('expired');
      this.#update({ ...outcome, status: 'expired', expired_at: now });
    } else this.#update({ ...outcome, status: 'completed', completed_at: now });
  }

  get #times() {
    return timetable(this.record, this.#context.latencyMs);
  }

  async #wait(moment: number): Promise<void> {
    await waitUntil(moment, this.#batch.cancelled, this.#context.signal);
  }

  #update(change: Partial<BatchRecord>): void {
    this.#context.batches.update(this.#batch.id, change);
  }
}
