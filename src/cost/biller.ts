import { declarationOf } from '../config/blocks.ts';
import type { Pipeline } from '../config/pipeline.ts';
import type { Tariff } from '../core/tariff.ts';
import { usualTiers } from '../core/tariff.ts';
import { providers } from '../providers/index.ts';
import type { PriceBook } from './listed-rates.ts';

/** Who bills a pipeline's requests, and how. */
export interface Biller {
  readonly tariff: Tariff;
  /** For people. */
  readonly name: string;
  /** Where nothing is known of the address: what stands there. */
  readonly unknownAddress: string | null;
}

/** Known addresses bill by their own tariff; any other one, and the emulator, is taken for the provider's own. */
export function billerOf(provider: Pipeline['provider'], { findProvider }: PriceBook): Biller {
  const declaration = declarationOf(providers, provider);
  const own = declaration.tariff;
  const nameOf = (id: string): string => findProvider({ providerId: id })?.name ?? id;
  const url = provider['base_url'];
  const address = typeof url === 'string' ? URL.parse(url) : null;
  if (address === null)
    return {
      tariff: own,
      name: nameOf(own.biller),
      unknownAddress: url === 'emulator' ? 'the emulator' : null,
    };
  const listed = findProvider({ providerApiUrl: address.href });
  const known = declaration.tariffAt?.(address.host) ?? (listed?.id === own.biller ? own : undefined);
  const biller = listed?.id ?? known?.biller;
  if (biller === undefined) return { tariff: own, name: nameOf(own.biller), unknownAddress: address.host };
  const tariff = known ?? { batch: null, tiers: usualTiers };
  return { tariff: { ...tariff, biller }, name: listed?.name ?? nameOf(biller), unknownAddress: null };
}
