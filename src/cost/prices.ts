/** Tokens of one request as they are billed. `input` is all of the prompt; `cached` and `cacheWrite` are parts of it. */
export interface BilledTokens {
  readonly input: number;
  readonly output: number;
  readonly cached: number;
  /** Written to a prompt cache, for as long as our requests ask for. */
  readonly cacheWrite: number;
  /** The part of `cacheWrite` that is kept for minutes only; none where it is left out. */
  readonly cacheWriteBriefly?: number;
}

/** How a request is, or was, served. */
export interface Service {
  readonly way: 'batch' | 'standard';
  /** In the words of pipeline files, or the provider's own; null where it is the usual one. */
  readonly tier: string | null;
}

/** What tokens of a pipeline's model cost. */
export interface Prices {
  /** The date of the list, `2026-11-01`; null where the file's own prices are taken. */
  readonly asOf: string | null;
  /** Whose prices these are, for people: `OpenAI`, `prices.my-model`. */
  readonly by: string;
  /** What is to be said of them, once: that the address is not known, or the model; null where nothing is. */
  readonly remark: string | null;
  /** US dollars of one request; null where the price is unknown. */
  cost(tokens: BilledTokens, service: Service): number | null;
}

/** The prices of a pipeline's model at any time. */
export interface PriceList {
  /** @param time in milliseconds since 1970: lists know from when on a price holds */
  at(time: number): Prices;
}
