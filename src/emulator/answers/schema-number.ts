import type { JsonMap } from '../../core/json.ts';
import type { Random } from '../random.ts';

/** An integer that fits the schema's bounds and `multipleOf`; without bounds one from 0 to 100. */
export function integerWithin(schema: JsonMap, random: Random): number {
  const { low, high, lowExcluded, highExcluded } = bounds(schema, 100);
  const first = lowExcluded ? Math.floor(low) + 1 : Math.ceil(low);
  const last = highExcluded ? Math.ceil(high) - 1 : Math.floor(high);
  const step = schema['multipleOf'];
  if (typeof step === 'number') return multipleWithin(first, last, step, random, Number.isInteger);
  return first + random.below(Math.max(1, last - first + 1));
}

/** A number that fits the schema's bounds and `multipleOf`; without bounds one from 0 to 1, with two decimals. */
export function numberWithin(schema: JsonMap, random: Random): number {
  const { low, high, lowExcluded, highExcluded } = bounds(schema, 1);
  const fits = (value: number): boolean =>
    (lowExcluded ? value > low : value >= low) && (highExcluded ? value < high : value <= high);
  const step = schema['multipleOf'];
  if (typeof step === 'number') return multipleWithin(low, high, step, random, fits);
  const exact = low + (high - low) * random.fraction();
  const candidates = [Math.round(exact * 100) / 100, exact, low + (high - low) / 2];
  return candidates.find(fits) ?? low;
}

interface Bounds {
  readonly low: number;
  readonly high: number;
  readonly lowExcluded: boolean;
  readonly highExcluded: boolean;
}

/** @param span how far a missing bound is from the one that is there */
function bounds(schema: JsonMap, span: number): Bounds {
  const low = tighter(schema, 'minimum', 'exclusiveMinimum', Math.max);
  const high = tighter(schema, 'maximum', 'exclusiveMaximum', Math.min);
  const step = typeof schema['multipleOf'] === 'number' ? schema['multipleOf'] : 0;
  const reach = Math.max(span, Math.abs(step) * 10);
  const from = low ?? (high === undefined || high > 0 ? Math.min(0, high ?? 0) : high - reach);
  return {
    low: from,
    high: high ?? from + reach,
    lowExcluded: low !== undefined && schema['exclusiveMinimum'] === low,
    highExcluded: high !== undefined && schema['exclusiveMaximum'] === high,
  };
}

function tighter(
  schema: JsonMap,
  inclusive: string,
  exclusive: string,
  choose: (...values: number[]) => number,
): number | undefined {
  const limits = [schema[inclusive], schema[exclusive]].filter((limit) => typeof limit === 'number');
  return limits.length === 0 ? undefined : choose(...limits);
}

/** A multiple that also divides back to a whole number, which is how validators look at it. */
function multipleWithin(
  low: number,
  high: number,
  step: number,
  random: Random,
  fits: (value: number) => boolean,
): number {
  const first = Math.ceil(low / step);
  const count = Math.max(1, Math.floor(high / step) - first + 1);
  const start = random.below(count);
  for (let offset = 0; offset < Math.min(count, 1000); offset += 1) {
    const value = (first + ((start + offset) % count)) * step;
    if (fits(value) && Number.isInteger(value / step)) return value;
  }
  return first * step;
}
