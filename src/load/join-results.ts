import type { AnswerSizeCounts } from '../batch/answer-sizes.ts';
import { readResult, readResultBlocks } from '../batch/read-result.ts';
import type { FailedResult, Reconciliation } from '../batch/reconciliation.ts';
import type { Answer } from '../core/batch-result.ts';
import type { CostSum } from '../cost/cost-sum.ts';
import type { TokenCounts, UnfinishedRow } from '../ledger/ledger.ts';
import type { LineBlock } from '../files/line-reader.ts';
import type { ResultColumns } from '../job/result-columns.ts';
import type { Breaker } from './breaker.ts';
import type { LoadQueue } from './load-queue.ts';

export interface JoinContext {
  readonly reconciliation: Reconciliation;
  readonly results: ResultColumns;
  readonly queue: LoadQueue;
  /** What the places of loaded rows are named after. */
  readonly place: string;
  /** Rows that were sent before, by custom_id. */
  readonly history: ReadonlyMap<string, Pick<UnfinishedRow, 'attempts'>>;
  /** The `now` of expressions, RFC 3339. */
  readonly now: string;
  readonly signal: AbortSignal;
  /** Whether the places of invalid answers in the file are noted, so that they can be asked about. */
  readonly notesInvalid?: boolean;
  /** Told of each row's first response; left out where nothing is paid for. */
  readonly cost?: CostSum;
  /** The same. */
  readonly sizes?: AnswerSizeCounts;
  /** Told of each row's first answer. */
  readonly breaker?: Breaker | null;
}

/** What a results file held, beside what the reconciliation took in. */
export interface JoinedFile {
  readonly lines: number;
  readonly usage: TokenCounts;
}

/**
 * Streams one results file into the sink: every line is classified and reconciled, and each row's first success is
 * evaluated and queued for loading. What it queued is durable once the queue has been drained.
 *
 * @param blocks its lines, where somebody else reads them as well
 */
export async function joinResults(
  context: JoinContext,
  file: string,
  blocks: AsyncIterable<LineBlock> = readResultBlocks(file, context.signal),
): Promise<JoinedFile> {
  const { reconciliation, queue } = context;
  const { reader } = context.results;
  const usage = new UsageSum();
  let lines = 0;
  let part = 0;
  for await (const block of blocks) {
    for (let line = 0; line < block.count; line += 1) {
      const start = block.starts[line] ?? 0;
      const end = block.ends[line] ?? 0;
      const result = readResult(reader, block, line);
      if (result.kind === 'unparsable') {
        reconciliation.unparsable += 1;
        reconciliation.noteUnjoined(block.buffer.subarray(start, end), file);
        continue;
      }
      const index = reconciliation.find(result.customId);
      if (index === -1) {
        reconciliation.noteUnjoined(block.buffer.subarray(start, end), file);
        continue;
      }
      // A line that says again what is known was not paid for again.
      const isFirst = reconciliation.isUnheard(index);
      if (isFirst) {
        usage.add(result);
        context.cost?.add(result);
        context.sizes?.add(result);
      }
      if (isFirst && result.kind === 'failed' && result.ran && isRowsOrPassing(result))
        context.breaker?.note(result);
      if (context.notesInvalid === true && result.kind === 'failed' && result.stage === 'answer')
        reconciliation.invalidAnswers.set(index, { at: block.offset + start, bytes: end - start });
      if (!reconciliation.take(index, result) || result.kind !== 'ok') continue;
      if (result.answer.finishReason === 'length') reconciliation.truncated += 1;
      if (!loadAnswer(context, index, result.answer, end - start)) continue;
      await queue.flush(`${context.place}.${part}`);
      part += 1;
    }
    lines += block.count;
  }
  await queue.flush(`${context.place}.${part}`);
  return { lines, usage: usage.total };
}

/** Whose fault an unclear one is shows when the whole batch was read. */
function isRowsOrPassing({ blame }: FailedResult): boolean {
  return blame === 'row' || blame === 'provider';
}

/** Evaluates the columns of an answered row and queues it. @returns whether the queue wants to be flushed */
function loadAnswer(context: JoinContext, index: number, answer: Answer, bytes: number): boolean {
  const { reconciliation, results, queue, history, now } = context;
  const { chunk, rows, line } = reconciliation.place(index);
  const row = rows.row(line);
  const values = results.columns.evaluate({
    customId: row.customId,
    key: namedParts(results.keyNames, row.key),
    row: row.carried,
    answer,
    requestHash: row.requestHash,
    batchId: chunk.batchId,
    attempt: (history.get(row.customId)?.attempts ?? 0) + 1,
    now,
  });
  if ('code' in values) {
    context.breaker?.note({ customId: row.customId, ...values });
    reconciliation.refuse(index, values);
    return queue.leaveOut(index, { customId: row.customId, ...values }, bytes);
  }
  context.breaker?.note(null);
  return queue.push(index, row, values, bytes);
}

/** The parts of a key by their names. */
export function namedParts(
  names: readonly string[],
  parts: readonly string[],
): Readonly<Record<string, string>> {
  const named: Record<string, string> = {};
  for (const [part, name] of names.entries()) named[name] = parts[part] ?? '';
  return named;
}

class UsageSum {
  #input = 0;
  #output = 0;
  #cached = 0;

  add(
    result:
      | { readonly kind: 'ok'; readonly answer: Answer }
      | { readonly kind: 'failed'; readonly usage: Answer['usage'] | null },
  ): void {
    const usage = result.kind === 'ok' ? result.answer.usage : result.usage;
    if (usage === null) return;
    this.#input += usage.input_tokens ?? 0;
    this.#output += usage.output_tokens ?? 0;
    this.#cached += usage.cached_tokens ?? 0;
  }

  get total(): TokenCounts {
    return { input: this.#input, output: this.#output, cached: this.#cached };
  }
}
