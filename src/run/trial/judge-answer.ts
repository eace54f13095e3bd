import { namedParts } from '../../load/join-results.ts';
import type { ClassifiedResult } from '../../core/batch-result.ts';
import type { Value } from '../../core/value.ts';
import type { TrialParts } from '../../job/trial-parts.ts';
import type { TrialRequest } from './trial-rows.ts';

/** What an answer would bring into the target, or why nothing. */
export type Judged = {
  /** What was answered, as far as it is understood. */
  readonly result: Exclude<ClassifiedResult, { readonly kind: 'unparsable' }> | null;
} & (
  | {
      readonly values: Readonly<Record<string, Value>>;
      /** Whether the answer ends at the token limit, and is kept as it is. */
      readonly isCut: boolean;
    }
  | { readonly stage: 'request' | 'answer' | 'load'; readonly code: string; readonly message: string }
);

/** Understands an answer as a run does. @param answer a line of results */
export function judgeAnswer(
  { results }: Pick<TrialParts, 'results'>,
  { row, requestHash }: TrialRequest,
  answer: Buffer,
  now: string,
): Judged {
  const result = results.reader.read(answer, 0, answer.length);
  if (result.kind === 'unparsable')
    return { stage: 'request', code: 'unparsable', message: result.message, result: null };
  if (result.kind === 'failed') {
    const { stage, code, message } = result;
    return { stage, code, message, result };
  }
  const values = results.columns.evaluate({
    customId: row.customId,
    key: namedParts(results.keyNames, row.key),
    row: row.carried,
    answer: result.answer,
    requestHash,
    batchId: null,
    attempt: 1,
    now,
  });
  if ('code' in values) return { stage: 'load', ...values, result };
  const named = results.columns.plans.map(({ name }, index) => [name, values[index] ?? null] as const);
  return { values: Object.fromEntries(named), isCut: result.answer.finishReason === 'length', result };
}
