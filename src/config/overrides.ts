import { formatPath, valueAt, withValue, type Fault, type Path } from './fault.ts';
import { readScalar } from './yaml-scalar.ts';

/** A value that stands in place of the file's own: `--set source.path=other.csv`, or a target's. */
export interface Override {
  readonly path: Path;
  /** The value as typed on the command line. */
  readonly text?: string;
  /** The value as YAML reads it. */
  readonly value: unknown;
  /** Where it stands in the file; left out where it came from the command line. */
  readonly from?: Path;
}

export interface Overrides {
  readonly overrides: readonly Override[];
  /** Arguments that are not `path=value`, as typed. */
  readonly malformed: readonly string[];
}

export function parseOverrides(args: readonly string[]): Overrides {
  const parsed = args.map(parseOverride);
  return {
    overrides: parsed.filter((each) => typeof each !== 'string'),
    malformed: parsed.filter((each) => typeof each === 'string'),
  };
}

function parseOverride(argument: string): Override | string {
  const match = /^([^=]+)=(.*)$/s.exec(argument);
  const keys = match?.[1]?.trim().split('.') ?? [];
  const text = match?.[2];
  if (text === undefined || keys.includes('')) return argument;
  return { path: keys, text, value: readScalar(text) };
}

/** The value that decides what stands at a path, in place of the file's own. */
export function overrideOf(overrides: readonly Override[], path: Path): Override | undefined {
  const name = `${formatPath(path)}.`;
  return overrides.findLast((each) => name.startsWith(`${formatPath(each.path)}.`));
}

/** Puts the values into the file's data; maps on the way that are missing are made. */
export function applyOverrides(data: unknown, overrides: readonly Override[]) {
  const faults: Fault[] = [];
  let result = data;
  for (const { path, value } of overrides) {
    const blocker = findBlocker(result, path);
    if (blocker === undefined) result = withValue(result, path, value);
    else faults.push({ path, message: blocker });
  }
  return { data: result, faults };
}

/** Why there can be no value at this path. */
function findBlocker(data: unknown, path: Path): string | undefined {
  for (let length = 1; length < path.length; length += 1) {
    const parent = valueAt(data, path.slice(0, length));
    const name = formatPath(path.slice(0, length));
    if (parent === undefined || parent === null) continue;
    if (typeof parent !== 'object') return `${name} has no keys of its own`;
    if (Array.isArray(parent) && !isIndex(parent, path[length]))
      return `${name} has no entry ${String(path[length])}`;
  }
  return undefined;
}

function isIndex(list: readonly unknown[], key: PropertyKey | undefined): boolean {
  return /^\d+$/.test(String(key)) && Number(key) < list.length;
}
