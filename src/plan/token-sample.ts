import type { PromptTexts, TokenEncoding } from '../core/dialect.ts';
import type { ItemBatch } from '../core/item-batch.ts';
import type { RequestTally } from '../core/request-tally.ts';
import type { RequestLines } from '../request/request-lines.ts';
import { countTokens } from '../expr/tokens.ts';
import { promptTokens } from './prompt-tokens.ts';
import { randomNumbers } from './random.ts';
import { textWindow, type TextWindow } from './text-window.ts';

/** As many UTF-16 units of prompts are held at first, to be counted whole where there are no more. */
const heldWhole = 4_000_000;

/** What tokens are to the estimate by which files are packed. */
export interface SampledTokens {
  /** Exact tokens for each estimated one; null where there was no request. */
  readonly perEstimated: number | null;
  /** Whether every request was counted whole. */
  readonly isWhole: boolean;
}

interface Held {
  readonly prompt: PromptTexts;
  readonly estimated: number;
}

interface Drawn {
  readonly window: TextWindow;
  readonly estimated: number;
}

export interface TokenSampleOptions {
  readonly lines: Pick<RequestLines, 'promptIn'>;
  readonly encoding: TokenEncoding;
  /** How many requests are counted. */
  readonly size: number;
  readonly seed?: number;
}

/**
 * Finds out how many tokens requests have by counting some of them, at constant memory, whatever their order and
 * however different they are. Each place of the sample holds a request drawn from all so far, the larger ones as much
 * more often as they are larger: then each has the same weight in the mean of exact to estimated tokens, and no few
 * large ones decide. Few requests are all counted.
 */
export class TokenSample implements RequestTally {
  readonly #options: TokenSampleOptions;
  #random: () => number;
  /** All requests so far, as long as they are few. */
  #held: Held[] | null = [];
  #heldUnits = 0;
  readonly #drawn: Drawn[] = [];
  #estimated = 0;

  constructor(options: TokenSampleOptions) {
    this.#options = options;
    this.#random = randomNumbers(options.seed ?? 1);
  }

  restart(): void {
    this.#random = randomNumbers(this.#options.seed ?? 1);
    this.#held = [];
    this.#heldUnits = 0;
    this.#drawn.length = 0;
    this.#estimated = 0;
  }

  add({ lines, lineEnds, tokens }: ItemBatch, from: number, to: number): void {
    for (let item = from; item < to; item += 1) {
      const start = item === 0 ? 0 : (lineEnds[item - 1] ?? 0);
      this.#addOne(tokens[item] ?? 0, () =>
        this.#options.lines.promptIn(lines.subarray(start, (lineEnds[item] ?? 0) - 1)),
      );
    }
  }

  /** Counts what was drawn. */
  count(): SampledTokens {
    const { encoding } = this.#options;
    if (this.#held !== null) {
      const exact = this.#held.reduce((sum, { prompt }) => sum + promptTokens(prompt, encoding), 0);
      return { perEstimated: this.#estimated === 0 ? null : exact / this.#estimated, isWhole: true };
    }
    const ratios = this.#drawn.map(({ window, estimated }) => tokensOf(window, encoding) / estimated);
    return { perEstimated: ratios.reduce((sum, each) => sum + each, 0) / ratios.length, isWhole: false };
  }

  #addOne(estimated: number, read: () => PromptTexts): void {
    this.#estimated += estimated;
    if (this.#held !== null) this.#hold(this.#held, { prompt: read(), estimated });
    else if (estimated > 0) this.#draw(estimated, read);
  }

  #hold(held: Held[], one: Held): void {
    held.push(one);
    this.#heldUnits += one.prompt.texts.reduce((sum, text) => sum + text.length, 0);
    if (held.length <= this.#options.size && this.#heldUnits <= heldWhole) return;
    this.#held = null;
    let before = 0;
    for (const { prompt, estimated } of held) {
      before += estimated;
      if (estimated > 0) this.#fill(estimated / before, estimated, () => prompt);
    }
  }

  #draw(estimated: number, read: () => PromptTexts): void {
    this.#fill(estimated / this.#estimated, estimated, read);
  }

  /** Puts a request into each place of the sample with this probability; into all of them where it is the first. */
  #fill(probability: number, estimated: number, read: () => PromptTexts): void {
    const passed = Math.log1p(-probability);
    let prompt: PromptTexts | null = null;
    for (let place = this.#skip(passed); place < this.#options.size; place += 1 + this.#skip(passed)) {
      prompt ??= read();
      this.#drawn[place] = { window: textWindow(prompt, this.#random()), estimated };
    }
  }

  /** How many places are passed over before the next one that is filled. */
  #skip(passed: number): number {
    return passed === -Infinity ? 0 : Math.floor(Math.log1p(-this.#random()) / passed);
  }
}

function tokensOf({ texts, times, frame }: TextWindow, encoding: TokenEncoding): number {
  return frame + times * texts.reduce((sum, text) => sum + countTokens(text.toString(), encoding), 0);
}
