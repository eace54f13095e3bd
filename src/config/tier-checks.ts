import type { Endpoint } from '../core/dialect.ts';
import { writtenDialect } from './dialect-of.ts';
import { valueAt, type Fault } from './fault.ts';
import { requestDraft } from './request-draft.ts';
import { tierNames } from './standard-block.ts';

const path = ['standard', 'tier'];

/** Whether the provider has the tier that the file asks for, and nothing else of the file names one. */
export function checkTier(data: unknown): readonly Fault[] {
  const tier = tierNames.find((name) => name === valueAt(data, path));
  const dialect = writtenDialect(data);
  const { endpoint } = requestDraft(data);
  if (tier === undefined || dialect === undefined || typeof endpoint !== 'string') return [];
  const known = dialect.tiers?.of(endpoint as Endpoint) ?? [];
  if (!known.includes(tier)) return [{ path, message: missing(endpoint, known) }];
  const parameter = ['request', 'params', dialect.tiers?.parameter ?? ''];
  if (valueAt(data, parameter) === undefined) return [];
  return [{ path, message: `stands beside \`${parameter.join('.')}\`; only one is sent, so take one out` }];
}

function missing(endpoint: string, known: readonly string[]): string {
  const those = known.length === 0 ? 'none; take it out' : `only ${known.join(', ')}`;
  return `the provider does not have this tier for ${endpoint}: it has ${those}`;
}
