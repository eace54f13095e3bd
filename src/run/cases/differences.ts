import { isMap } from '../../core/json.ts';
import { valueToJson } from '../../core/print.ts';
import type { Value } from '../../core/value.ts';

/** Where something is not what the test file expects. */
export interface Difference {
  /** From the case's top: `loaded.7.tags`. */
  readonly path: readonly (string | number)[];
  /** What is wrong, where that is not that one value stands in place of another. */
  readonly message: string | null;
  readonly expected?: unknown;
  readonly actual?: unknown;
}

/** Each place at which a value differs from what is expected. */
export function differences(
  expected: unknown,
  actual: unknown,
  path: readonly (string | number)[],
): readonly Difference[] {
  if (isMap(expected) && isMap(actual))
    return [...new Set([...Object.keys(expected), ...Object.keys(actual)])].flatMap((key) =>
      differences(expected[key], actual[key], [...path, key]),
    );
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length)
    return expected.flatMap((each: unknown, index) => differences(each, actual[index], [...path, index]));
  return isSame(expected, actual) ? [] : [{ path, message: null, expected, actual }];
}

/** Vectors hold numbers of 32 bits, which no decimal of a test file is to be exact for. */
function isSame(expected: unknown, actual: unknown): boolean {
  if (typeof expected === 'number' && typeof actual === 'number')
    return expected === actual || Math.fround(expected) === actual;
  return JSON.stringify(expected) === JSON.stringify(actual);
}

/** A column's value as a test file would write it. */
export function plain(value: Value): unknown {
  return JSON.parse(valueToJson(value));
}
