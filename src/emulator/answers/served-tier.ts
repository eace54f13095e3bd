import type { JsonMap } from '../../core/json.ts';

const served: ReadonlySet<unknown> = new Set(['flex', 'priority']);

/** The tier that an answer names: the one that was asked for, where it is another than the usual one. */
export function servedTier(body: JsonMap): unknown {
  return served.has(body['service_tier']) ? body['service_tier'] : 'default';
}
