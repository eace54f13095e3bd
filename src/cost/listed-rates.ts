import type { calcPrice, findProvider, ModelPrice } from '@pydantic/genai-prices';
import { flatRate, type Rate, type Rates } from './rates.ts';

/** When the list was published that comes with this version of the package; a test holds it to the one installed. */
export const listVersion = { package: '0.1.8', date: '2026-09-23' } as const;

export interface PriceBook {
  readonly calcPrice: typeof calcPrice;
  readonly findProvider: typeof findProvider;
}

/** Large, so that it is loaded only where something is to be priced. */
export async function openPriceBook(): Promise<PriceBook> {
  return import('@pydantic/genai-prices');
}

/**
 * The rates of a model by the list, as they were at a time; null where it does not know the model, or sells it by
 * something else than its tokens.
 *
 * @param biller a provider of the list; `litellm` where the model's name begins with one
 */
export function listedRates(
  { calcPrice }: PriceBook,
  biller: string,
  model: string,
  time: number,
): Rates | null {
  const found = calcPrice({}, model, { providerId: biller, timestamp: new Date(time) });
  return found === null ? null : ratesOf(found.model_price);
}

/** What the list has no price of its own for costs what the larger kind costs that it is part of. */
function ratesOf(prices: ModelPrice): Rates | null {
  const input = rateOf(prices['input_mtok']);
  if (input === undefined) return null;
  const cacheWriteBriefly = rateOf(prices['cache_write_mtok']) ?? input;
  return {
    input,
    output: rateOf(prices['output_mtok']) ?? flatRate(0),
    cached: rateOf(prices['cache_read_mtok']) ?? input,
    cacheWrite: rateOf(prices['cache_write_1h_mtok']) ?? cacheWriteBriefly,
    cacheWriteBriefly,
    request: (rateOf(prices['requests_kcount'])?.base ?? 0) / 1000,
  };
}

function rateOf(price: ModelPrice[string]): Rate | undefined {
  if (price === undefined) return undefined;
  if (typeof price === 'number') return flatRate(price);
  return { base: price.base, tiers: price.tiers.toSorted((a, b) => a.start - b.start) };
}
