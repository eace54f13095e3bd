import type { BilledTokens } from './prices.ts';

/** US dollars per million tokens; another price holds for the whole of a request whose prompt is longer than `start`. */
export interface Rate {
  readonly base: number;
  readonly tiers: readonly { readonly start: number; readonly price: number }[];
}

/** What a synchronous request costs at the usual tier. */
export interface Rates {
  readonly input: Rate;
  readonly output: Rate;
  readonly cached: Rate;
  /** Of what a prompt cache keeps for as long as our requests ask for. */
  readonly cacheWrite: Rate;
  /** Of what it keeps for minutes. */
  readonly cacheWriteBriefly: Rate;
  /** US dollars for the request as such. */
  readonly request: number;
}

const perMillion = 1_000_000;

export function flatRate(price: number): Rate {
  return { base: price, tiers: [] };
}

/** Arithmetic alone, for it is asked for each answer. */
export function costAt(rates: Rates, tokens: BilledTokens): number {
  const { input, output, cached, cacheWrite, cacheWriteBriefly = 0 } = tokens;
  const fresh = Math.max(0, input - cached - cacheWrite);
  const millionths =
    fresh * priceOf(rates.input, input) +
    cached * priceOf(rates.cached, input) +
    (cacheWrite - cacheWriteBriefly) * priceOf(rates.cacheWrite, input) +
    cacheWriteBriefly * priceOf(rates.cacheWriteBriefly, input) +
    output * priceOf(rates.output, input);
  return millionths / perMillion + rates.request;
}

function priceOf({ base, tiers }: Rate, prompt: number): number {
  let price = base;
  for (const tier of tiers) if (prompt > tier.start) price = tier.price;
  return price;
}
