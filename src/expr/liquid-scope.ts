import { Drop } from 'liquidjs';
import { printValue } from '../core/print.ts';
import type { Value } from '../core/value.ts';

/** A number inside a list or map that a double cannot hold: it prints all its digits. */
class ExactNumber extends Drop {
  readonly #digits: string;

  constructor(digits: string) {
    super();
    this.#digits = digits;
  }

  override valueOf(): string {
    return this.#digits;
  }

  toJSON(): unknown {
    return JSON.rawJSON(this.#digits);
  }
}

/**
 * A value as Liquid can compute with it: integers become numbers where that is exact, and otherwise stay the text of
 * their digits.
 */
export function toScope(value: Value): unknown {
  if (typeof value === 'bigint') return isSafe(value) ? Number(value) : value.toString();
  if (value instanceof Float32Array) return Array.from(value);
  if (typeof value === 'object' && value !== null) return nestedToScope(value);
  return value;
}

function nestedToScope(value: unknown): unknown {
  if (typeof value === 'bigint') return isSafe(value) ? Number(value) : new ExactNumber(value.toString());
  if (typeof value !== 'object' || value === null) return value;
  if (JSON.isRawJSON(value)) return new ExactNumber(value.rawJSON);
  if (Array.isArray(value)) return value.map(nestedToScope);
  const copy: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const key of Object.keys(value)) copy[key] = nestedToScope((value as Record<string, unknown>)[key]);
  return copy;
}

/** What `{{ x }}` prints. */
export function printScoped(value: unknown): string {
  if (value instanceof ExactNumber) return value.valueOf();
  return value === undefined ? '' : printValue(value as Value);
}

function isSafe(value: bigint): boolean {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
}
