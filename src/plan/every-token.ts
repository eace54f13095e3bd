import type { ItemBatch } from '../core/item-batch.ts';
import type { RequestTally } from '../core/request-tally.ts';
import { promptTokens } from './prompt-tokens.ts';
import type { SampledTokens, TokenSampleOptions } from './token-sample.ts';

/** Counts the tokens of every request whole. */
export class EveryToken implements RequestTally {
  readonly #options: Pick<TokenSampleOptions, 'lines' | 'encoding'>;
  #exact = 0;
  #estimated = 0;

  constructor(options: Pick<TokenSampleOptions, 'lines' | 'encoding'>) {
    this.#options = options;
  }

  restart(): void {
    this.#exact = 0;
    this.#estimated = 0;
  }

  add({ lines, lineEnds, tokens }: ItemBatch, from: number, to: number): void {
    const { lines: requestLines, encoding } = this.#options;
    for (let item = from; item < to; item += 1) {
      const start = item === 0 ? 0 : (lineEnds[item - 1] ?? 0);
      const prompt = requestLines.promptIn(lines.subarray(start, (lineEnds[item] ?? 0) - 1));
      this.#exact += promptTokens(prompt, encoding);
      this.#estimated += tokens[item] ?? 0;
    }
  }

  count(): SampledTokens {
    return { perEstimated: this.#estimated === 0 ? null : this.#exact / this.#estimated, isWhole: true };
  }
}
