import type { z } from 'zod';
import { nearestName } from '../../core/did-you-mean.ts';
import { typeWord } from '../../core/type-words.ts';
import { isMap } from '../../core/json.ts';
import { batchFaults } from './batch-faults.ts';
import { httpFaults } from './http-faults.ts';
import { rowFaults } from './row-faults.ts';
import { faultsSchema } from './faults.ts';

export type Path = readonly PropertyKey[];

/** One thing that is wrong with a description of faults. */
export interface Problem {
  readonly path: Path;
  readonly message: string;
}

const kinds: Readonly<Record<string, readonly z.ZodObject[]>> = {
  rows: rowFaults,
  batches: batchFaults,
  http: httpFaults,
};

/** Says in a person's words what zod found. */
export function explain(issue: z.core.$ZodIssue, data: unknown): readonly Problem[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(path, data);
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `unknown key${meant(key, known)}`,
    }));
  }
  const value = valueAt(data, path);
  return [{ path, message: describe(issue, value) }];
}

function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const key of path) value = Array.isArray(value) || isMap(value) ? Reflect.get(value, key) : undefined;
  return value;
}

function describe(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined) {
    return choice(value, namesOf(issue));
  }
  if (issue.code === 'invalid_value') return choice(value, issue.values.map(String));
  if (value === undefined) return 'is required';
  // What a schema says in its own words stands; zod's speak of types.
  if (!/^(Invalid|Too) /.test(issue.message)) return issue.message;
  if (issue.code === 'invalid_type') return `must be ${typeWord(issue.expected)}`;
  if (issue.code === 'too_small') return bound(issue.origin, 'least', issue.minimum);
  if (issue.code === 'too_big') return bound(issue.origin, 'most', issue.maximum);
  return issue.message;
}

function namesOf(issue: z.core.$ZodIssue): readonly string[] {
  return 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
}

function choice(value: unknown, names: readonly string[]): string {
  const missing = value === undefined ? 'is required; ' : '';
  const guess = typeof value === 'string' ? meant(value, names) : '';
  return `${missing}must be one of ${names.join(', ')}${guess}`;
}

function meant(word: string, names: readonly string[]): string {
  const near = nearestName(word, names);
  return near === undefined ? '' : `  (did you mean ${near}?)`;
}

function bound(origin: string, word: 'least' | 'most', limit: number | bigint): string {
  if (origin === 'array') return limit === 1 ? 'must not be empty' : `must have at ${word} ${limit} entries`;
  return `must be at ${word} ${limit}`;
}

/** The keys that the map at a path may have. */
function knownKeys(path: Path, data: unknown): readonly string[] {
  if (path.length === 0) return Object.keys(faultsSchema.shape);
  const fault = valueAt(data, path.slice(0, 2));
  const schema = kinds[String(path[0])]?.find((kind) => isMap(fault) && named(kind, fault['fault']));
  return path.length === 2 && schema !== undefined ? Object.keys(schema.shape) : [];
}

function named(kind: z.ZodObject, name: unknown): boolean {
  return kind.shape['fault']?.safeParse(name).success === true;
}
