import { dialectOf } from '../config/dialect-of.ts';
import type { Pipeline } from '../config/pipeline.ts';
import type { Prices, Service } from '../cost/prices.ts';
import type { ExpectedOutput } from './expected-output.ts';

/** What so many requests cost, in US dollars; null where that is unknown. */
export interface PlannedCost {
  readonly batch: number | null;
  readonly standard: number | null;
  /** Absent where the provider has no such tier. */
  readonly flex?: number | null;
  /** By batch, with every answer as long as it may be. */
  readonly ceiling: number | null;
  /** As the pipeline sends them. */
  readonly expected: number | null;
}

export interface PlannedRequests {
  readonly requests: number;
  /** Input tokens of all of them. */
  readonly input: number;
  readonly way: Service['way'];
}

/** Reckoned for requests of the mean size: prices that rise with a prompt's length are those of the mean one. */
export function plannedCost(
  pipeline: Pipeline,
  prices: Prices,
  { requests, input, way }: PlannedRequests,
  { expected, ceiling }: ExpectedOutput,
): PlannedCost {
  const costOf = (service: Service, output: number | null): number | null => {
    if (output === null) return null;
    if (requests === 0) return 0;
    const tokens = { input: input / requests, output, cached: 0, cacheWrite: 0 };
    const one = prices.cost(tokens, service);
    return one === null ? null : one * requests;
  };
  const { tier } = pipeline.standard;
  const configured = tier === undefined || tier === 'default' ? null : tier;
  const hasFlex = dialectOf(pipeline).tiers?.of(pipeline.request.endpoint).includes('flex') ?? false;
  const batch = costOf({ way: 'batch', tier: null }, expected);
  return {
    batch,
    standard: costOf({ way: 'standard', tier: null }, expected),
    ...(hasFlex ? { flex: costOf({ way: 'standard', tier: 'flex' }, expected) } : {}),
    ceiling: costOf({ way: 'batch', tier: null }, ceiling),
    expected: way === 'batch' ? batch : costOf({ way: 'standard', tier: configured }, expected),
  };
}

/** Which way the requests of a pipeline go. */
export function plannedWay({ mode, auto }: Pipeline, requests: number): Service['way'] {
  if (mode !== 'auto') return mode;
  return requests < auto.standard_below ? 'standard' : 'batch';
}
