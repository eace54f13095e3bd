import { formOf } from '../batch-forms.ts';
import { batchFaultOf } from '../faults/batch-plan.ts';
import { failsRow, faultyResult } from '../faults/faulty-result.ts';
import { RowChooser } from '../faults/row-chooser.ts';
import type { RowFault } from '../faults/row-faults.ts';
import { ApiError } from '../http/api-error.ts';
import type { JsonMap } from '../../core/json.ts';
import { hashText, Random, shuffle } from '../random.ts';
import type { BatchRecord, TokenTotals } from '../state/batch-record.ts';
import type { BatchContext, RunningBatch } from './batch-context.ts';
import { isBlank } from './check-file.ts';
import type { BatchForm } from './batch-form.ts';
import { isLineFault, type RequestLine } from './check-line.ts';
import { readLines, type Lines } from '../../files/line-reader.ts';
import type { ResultFile } from './result-file.ts';
import { cancelledLine, expiredLine } from './result-line.ts';
import { Pace } from './pace.ts';

export interface Results {
  readonly output: ResultFile;
  readonly errors: ResultFile;
}

export interface Totals {
  readonly completed: number;
  readonly failed: number;
  readonly usage: TokenTotals;
}

/**
 * Answers a checked batch's lines into its result files, in an order of its own: lines change places within each
 * block that is read. The order, ids and answers follow from the seed, the batch and the lines alone, so a batch that
 * is executed again after a crash comes out the same, and a cancelled one stops where it had stopped.
 */
export async function executeBatch(
  context: BatchContext,
  batch: RunningBatch,
  results: Results,
): Promise<Totals> {
  const execution = new Execution(context, batch, results);
  const record = execution.record();
  for await (const block of readLines(context.files.path(record.input_file_id), context.signal)) {
    await execution.addBlock(block);
  }
  return execution.totals;
}

class Execution {
  readonly #context: BatchContext;
  readonly #batch: RunningBatch;
  readonly #results: Results;
  readonly #form: BatchForm;
  readonly #ids: Random;
  readonly #chooser: RowChooser | null;
  readonly #pace: Pace;
  #completed = 0;
  #failed = 0;
  #input = 0;
  #output = 0;

  constructor(context: BatchContext, batch: RunningBatch, results: Results) {
    this.#context = context;
    this.#batch = batch;
    this.#results = results;
    const { endpoint, plan } = this.record();
    this.#form = formOf(endpoint);
    this.#ids = new Random(hashText(batch.id));
    this.#chooser = plan === null ? null : new RowChooser(plan, context.faults.store, batch.id);
    this.#pace = new Pace(context, batch);
  }

  record(): BatchRecord {
    return this.#context.batches.require(this.#batch.id);
  }

  get totals(): Totals {
    const usage = { input: this.#input, output: this.#output };
    return { completed: this.#completed, failed: this.#failed, usage };
  }

  async addBlock(block: Lines): Promise<void> {
    const seed = hashText(`${this.#context.seed}/${block.first}`);
    const inOrder = block.lines.filter((line) => !isBlank(line));
    const lines = shuffle(inOrder, new Random(seed));
    const rows =
      this.#chooser === null ? null : shuffle(numbersFrom(block.first + 1, lines.length), new Random(seed));
    let at = 0;
    while (at < lines.length) {
      const due = await this.#pace.due(this.#completed + this.#failed);
      const count = Math.min(lines.length - at, due.lines);
      const slice = lines.slice(at, at + (due.isOver ? lines.length : count));
      const numbers = rows?.slice(at, at + count) ?? null;
      await this.#context.lane.run(this.#batch.rank, () => this.#work(slice, count, numbers));
      at += slice.length;
    }
  }

  /**
   * Answers the first `count` lines; the others are past the batch's cancellation or expiry.
   *
   * @param numbers the places of those `count` in the file; null where no fault asks for them
   */
  async #work(lines: readonly Buffer[], count: number, numbers: readonly number[] | null): Promise<void> {
    const requests = lines.map((bytes) => this.#parse(bytes));
    const faults = numbers === null ? undefined : this.#chooser?.choose(requests, numbers);
    for (const [index, line] of requests.entries()) {
      if (index < count) this.#answer(line, faults?.[index]);
      else this.#giveUp(line);
      if (this.#results.output.isFull) await this.#results.output.flush();
      if (this.#results.errors.isFull) await this.#results.errors.flush();
    }
    this.#showProgress();
  }

  #parse(bytes: Buffer): RequestLine {
    const line = this.#form.readLine(bytes, this.record().endpoint);
    if (isLineFault(line)) throw new Error('a line of a checked file is faulty');
    return line;
  }

  #giveUp({ customId }: RequestLine): void {
    const { status, plan } = this.record();
    const isExpired = status !== 'cancelling' && batchFaultOf(plan, 'expired') !== undefined;
    this.#results.errors.append((isExpired ? expiredLine : cancelledLine)(this.#form, customId, this.#ids));
  }

  #answer(line: RequestLine, fault: RowFault | undefined): void {
    const { status, body } = this.#call(line.body);
    const { customId } = line;
    if (fault !== undefined) {
      const text = faultyResult(this.#form, fault, { customId, status, body }, this.#ids);
      this.#results.output.append(text.output);
      this.#results.errors.append(text.errors);
    } else {
      const file = status === 200 ? this.#results.output : this.#results.errors;
      file.append(this.#form.answeredLine(customId, status, body, this.#ids));
    }
    if (status !== 200 || failsRow(fault)) this.#failed += 1;
    else this.#complete(body);
  }

  #call(body: JsonMap): { readonly status: number; readonly body: JsonMap } {
    try {
      const { endpoint, model } = this.record();
      return { status: 200, body: this.#form.answer({ endpoint, model, body }, this.#context.models) };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return { status: error.status, body: this.#form.errorBody(error) };
    }
  }

  #complete(body: JsonMap): void {
    this.#completed += 1;
    const { input, output } = this.#form.usageOf(body);
    this.#input += input;
    this.#output += output;
  }

  #showProgress(): void {
    const { total } = this.record().request_counts;
    const request_counts = { total, completed: this.#completed, failed: this.#failed };
    this.#context.batches.show(this.#batch.id, { request_counts });
  }
}

function numbersFrom(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}
