import type { Endpoint } from '../core/dialect.ts';
import { writtenDialect } from './dialect-of.ts';
import { tierNames, windowMs } from '../core/tier-names.ts';
import { valueAt, type Fault } from './fault.ts';
import { requestDraft } from './request-draft.ts';

const path = ['standard', 'tier'];

/** Whether the provider has the tier that the file asks for, and nothing else of the file names one. */
export function checkTier(data: unknown): readonly Fault[] {
  const tier = tierNames.find((name) => name === valueAt(data, path));
  const dialect = writtenDialect(data);
  const { endpoint } = requestDraft(data);
  if (tier === undefined || dialect === undefined || typeof endpoint !== 'string') return [];
  const known = dialect.tiers?.of(endpoint as Endpoint) ?? [];
  if (!known.includes(tier)) return [{ path, message: missing(tier, endpoint, known) }];
  const parameters = windowMs(tier) === null ? {} : dialect.tiers?.window?.(tier);
  const names = new Set([dialect.tiers?.parameter ?? '', ...Object.keys(parameters ?? {})]);
  return Array.from(names)
    .map((name) => ['request', 'params', name])
    .filter((parameter) => valueAt(data, parameter) !== undefined)
    .map((parameter) => ({
      path,
      message: `stands beside \`${parameter.join('.')}\`; only one is sent, so take one out`,
    }));
}

function missing(tier: string, endpoint: string, known: readonly string[]): string {
  const those = known.length === 0 ? 'none; take it out' : `only ${known.join(', ')}`;
  const others = windowMs(tier) === null ? '' : '. Windows are for endpoint responses of provider openai';
  return `the provider does not have this tier for ${endpoint}: it has ${those}${others}`;
}
