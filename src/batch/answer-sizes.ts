import type { ClassifiedResult } from '../core/batch-result.ts';
import type { AnswerSizes } from '../ledger/answer-ledger.ts';

/** Counts how many answers have how many output tokens, each rounded to three digits, so that there are not many sizes. */
export class AnswerSizeCounts {
  readonly #sizes = new Map<number, number>();

  /** Answers that nothing was made of were as long as others. */
  add(result: Exclude<ClassifiedResult, { readonly kind: 'unparsable' }>): void {
    const usage =
      result.kind === 'ok' ? result.answer.usage : result.stage === 'answer' ? result.usage : null;
    const tokens = usage?.output_tokens ?? null;
    if (tokens === null) return;
    const rounded = Math.round(Number(tokens.toPrecision(3)));
    this.#sizes.set(rounded, (this.#sizes.get(rounded) ?? 0) + 1);
  }

  get sizes(): AnswerSizes {
    return this.#sizes;
  }
}
