import { type Billing, type ClassifiedResult, type Usage, usualBilling } from '../core/batch-result.ts';
import type { BilledTokens, Prices, Service } from './prices.ts';

type Answered = Exclude<ClassifiedResult, { readonly kind: 'unparsable' }>;

const usual: Service = { way: 'standard', tier: null };

/** Adds up what responses cost, those included of which no row was made. */
export class CostSum {
  readonly #prices: Prices;
  readonly #asked: Service;
  /** Whether requests are answered with no tokens but those of the prompt. */
  readonly #isEmbedding: boolean;
  #usd = 0;
  #unpriced = 0;
  #listUsd = 0;
  #cacheSavedUsd = 0;

  /** @param asked how they were asked for; what a response names of a tier goes before it */
  constructor(prices: Prices, asked: Service, isEmbedding: boolean) {
    this.#prices = prices;
    this.#asked = asked;
    this.#isEmbedding = isEmbedding;
  }

  add(result: Answered): void {
    const { usage, billing = usualBilling } = result.kind === 'ok' ? result.answer : result;
    const tokens = usage === null ? null : this.#tokensOf(usage, billing);
    if (tokens !== null) this.#addTokens(tokens, billing.tier);
    // A request that failed is not billed where the provider speaks of no usage.
    else if (usage !== null || result.kind === 'ok' || result.stage === 'answer') this.#unpriced += 1;
  }

  #addTokens(tokens: BilledTokens, tier: string | null): void {
    const service = { way: this.#asked.way, tier: tier ?? this.#asked.tier };
    const usd = this.#prices.cost(tokens, service);
    if (usd === null) {
      this.#unpriced += 1;
      return;
    }
    this.#usd += usd;
    const uncached = tokens.cached + tokens.cacheWrite === 0 ? tokens : withoutCache(tokens);
    this.#listUsd += this.#prices.cost(uncached, usual) ?? 0;
    if (uncached !== tokens) this.#cacheSavedUsd += (this.#prices.cost(uncached, service) ?? 0) - usd;
  }

  /** Null where the response leaves out what it would be billed by. */
  #tokensOf(usage: Usage, { cacheWrite, cacheWriteBriefly }: Billing): BilledTokens | null {
    const { output_tokens: said, total_tokens: total, cached_tokens: cached } = usage;
    const input = usage.input_tokens ?? (this.#isEmbedding ? total : null);
    if (input === null) return null;
    const output = said ?? (this.#isEmbedding ? 0 : total === null ? null : Math.max(0, total - input));
    return output === null ? null : { input, output, cached: cached ?? 0, cacheWrite, cacheWriteBriefly };
  }

  get total() {
    return {
      usd: this.#usd,
      unpriced: this.#unpriced,
      listUsd: this.#listUsd,
      cacheSavedUsd: this.#cacheSavedUsd,
    };
  }
}

function withoutCache({ input, output }: BilledTokens): BilledTokens {
  return { input, output, cached: 0, cacheWrite: 0 };
}
