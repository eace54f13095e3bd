import { answer } from '../answers/answer.ts';
import { ApiError } from '../http/api-error.ts';
import { isObject, type JsonObject } from '../json.ts';
import { hashText, Random, shuffle } from '../random.ts';
import type { BatchRecord, Endpoint, TokenTotals } from '../state/batch-record.ts';
import type { BatchContext, RunningBatch } from './batch-context.ts';
import { isBlank } from './check-file.ts';
import { checkLine, isLineFault, type RequestLine } from './check-line.ts';
import { readLineBlocks } from '../line-blocks.ts';
import type { ResultFile } from './result-file.ts';
import { answeredLine, cancelledLine } from './result-line.ts';
import { lineDueAt, linesDue, timetable } from './timetable.ts';
import { waitUntil } from './wait.ts';

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
  for await (const block of readLineBlocks(context.files.path(record.input_file_id), context.signal)) {
    const random = new Random(hashText(`${context.seed}/${block.first}`));
    await execution.addBlock(
      shuffle(
        block.lines.filter((line) => !isBlank(line)),
        random,
      ),
    );
  }
  return execution.totals;
}

class Execution {
  readonly #context: BatchContext;
  readonly #batch: RunningBatch;
  readonly #results: Results;
  readonly #endpoint: Endpoint;
  readonly #ids: Random;
  #completed = 0;
  #failed = 0;
  #input = 0;
  #output = 0;

  constructor(context: BatchContext, batch: RunningBatch, results: Results) {
    this.#context = context;
    this.#batch = batch;
    this.#results = results;
    this.#endpoint = this.record().endpoint;
    this.#ids = new Random(hashText(batch.id));
  }

  record(): BatchRecord {
    const record = this.#context.batches.get(this.#batch.id);
    if (record === undefined) throw new Error(`batch ${this.#batch.id} is gone`);
    return record;
  }

  get totals(): Totals {
    const usage = { input: this.#input, output: this.#output };
    return { completed: this.#completed, failed: this.#failed, usage };
  }

  async addBlock(lines: readonly Buffer[]): Promise<void> {
    let at = 0;
    while (at < lines.length) {
      const due = await this.#whenDue();
      const count = Math.min(lines.length - at, due.lines);
      const slice = lines.slice(at, at + (due.cancel ? lines.length : count));
      await this.#context.lane.run(this.#batch.rank, () => this.#work(slice, count));
      at += slice.length;
    }
  }

  /** Waits until lines may be answered, or must be given up. */
  async #whenDue(): Promise<{ readonly lines: number; readonly cancel: boolean }> {
    for (;;) {
      const record = this.record();
      const done = this.#completed + this.#failed;
      if (record.answered_at_cancel !== null) {
        return { lines: Math.max(0, record.answered_at_cancel - done), cancel: true };
      }
      const times = timetable(record.created_ms, this.#context.latencyMs);
      const { total } = record.request_counts;
      const lines = linesDue(times, total, Date.now()) - done;
      if (lines > 0) return { lines, cancel: false };
      const next = Math.max(lineDueAt(times, total, done), Date.now() + 10);
      await waitUntil(next, this.#batch.cancelled, this.#context.signal);
    }
  }

  /** Answers the first `count` lines; the others are past the batch's cancellation. */
  async #work(lines: readonly Buffer[], count: number): Promise<void> {
    for (const [index, bytes] of lines.entries()) {
      const line = checkLine(bytes, this.#endpoint);
      if (isLineFault(line)) throw new Error('a line of a checked file is faulty');
      if (index < count) this.#answer(line);
      else this.#results.errors.append(cancelledLine(line.customId, this.#ids));
      if (this.#results.output.isFull) await this.#results.output.flush();
      if (this.#results.errors.isFull) await this.#results.errors.flush();
    }
    this.#showProgress();
  }

  #answer(line: RequestLine): void {
    try {
      const body = answer(this.#endpoint, line.body);
      this.#count(body['usage']);
      this.#results.output.append(answeredLine(line.customId, 200, body, this.#ids));
      this.#completed += 1;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#results.errors.append(answeredLine(line.customId, error.status, error.toBody(), this.#ids));
      this.#failed += 1;
    }
  }

  #count(usage: unknown): void {
    if (!isObject(usage)) return;
    this.#input += tokens(usage, 'prompt_tokens', 'input_tokens');
    this.#output += tokens(usage, 'completion_tokens', 'output_tokens');
  }

  #showProgress(): void {
    const { total } = this.record().request_counts;
    const request_counts = { total, completed: this.#completed, failed: this.#failed };
    this.#context.batches.show(this.#batch.id, { request_counts });
  }
}

function tokens(usage: JsonObject, chatName: string, responsesName: string): number {
  return Number(usage[chatName] ?? usage[responsesName] ?? 0);
}
