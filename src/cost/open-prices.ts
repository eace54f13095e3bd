import { calcPrice, findProvider } from '@pydantic/genai-prices';
import type { Pipeline } from '../config/pipeline.ts';
import type { BilledTokens, Prices, Service } from './prices.ts';

/** What a batch costs of the synchronous price. */
const batchFactor = 0.5;

const perMillion = 1_000_000;

/** The prices of a pipeline's model: the file's own, else those of the bundled list. */
export function openPrices({ request, provider, prices }: Pipeline): Prices {
  const own = prices[request.model];
  const factorOf = ({ way, tier }: Service): number =>
    way === 'batch' ? (own?.batch_discount ?? batchFactor) : tier === 'flex' ? 0.5 : 1;
  if (own !== undefined) {
    const { input, output, cached = input, cache_write: cacheWrite = input } = own;
    return {
      asOf: null,
      by: `prices.${request.model}`,
      cost: (tokens, service) =>
        (factorOf(service) *
          ((tokens.input - tokens.cached - tokens.cacheWrite) * input +
            tokens.cached * cached +
            tokens.cacheWrite * cacheWrite +
            tokens.output * output)) /
        perMillion,
    };
  }
  const providerId = idOf(provider);
  return {
    asOf: null,
    by: providerId,
    cost: (tokens, service) => {
      const price = calcPrice(usageOf(tokens), request.model, { providerId });
      return price === null ? null : price.total_price * factorOf(service);
    },
  };
}

const ids: Readonly<Record<string, string>> = { openai: 'openai', anthropic: 'anthropic', gemini: 'google' };

function idOf(provider: Pipeline['provider']): string {
  const url = provider['base_url'];
  const known = typeof url === 'string' ? findProvider({ providerApiUrl: url })?.id : undefined;
  return known ?? ids[provider.type] ?? provider.type;
}

function usageOf({ input, output, cached, cacheWrite }: BilledTokens) {
  return {
    input_tokens: input,
    output_tokens: output,
    cache_read_tokens: cached,
    cache_write_tokens: cacheWrite,
  };
}
