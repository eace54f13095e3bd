import type { Pipeline } from '../config/pipeline.ts';

/** Who answers, as far as it sets how long batches take: the provider's type and, where it is another's, the server. */
export function providerName({ provider }: Pick<Pipeline, 'provider'>): string {
  const url = provider['base_url'];
  if (typeof url !== 'string') return provider.type;
  return `${provider.type} ${URL.canParse(url) ? new URL(url).host : url}`;
}
