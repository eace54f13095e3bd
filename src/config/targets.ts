import { nearestName } from '../core/did-you-mean.ts';
import { isMap } from '../core/json.ts';
import { valueAt, type Path } from './fault.ts';
import type { Override } from './overrides.ts';
import type { Problem } from './problem.ts';

const block = 'targets';

/** The names of a file's targets. */
export function targetNames(data: unknown): readonly string[] {
  const targets = valueAt(data, [block]);
  return isMap(targets) ? Object.keys(targets) : [];
}

/** What a target says in place of the file: each value of it that is no map, as `--set` would. */
export function targetOverrides(data: unknown, name: string | undefined): readonly Override[] {
  return name === undefined ? [] : leavesOf(valueAt(data, [block, name]), [block, name], []);
}

function leavesOf(value: unknown, from: Path, path: Path): readonly Override[] {
  if (isMap(value) && (path.length === 0 || Object.keys(value).length > 0))
    return Object.entries(value).flatMap(([key, child]) => leavesOf(child, [...from, key], [...path, key]));
  return path.length === 0 ? [] : [{ path, value, from }];
}

/** Whether a place in the file lies in a target that is not the chosen one. */
export function isOfOtherTarget([first, name]: Path, chosen: string | undefined): boolean {
  return first === block && name !== undefined && name !== chosen;
}

/** That a file has no target of this name; undefined where it has. */
export function missingTarget(data: unknown, name: string | undefined): Problem | undefined {
  const names = targetNames(data);
  if (name === undefined || names.includes(name)) return undefined;
  const there = names.length === 0 ? 'the file has no targets' : `the file has ${names.join(', ')}`;
  return {
    where: `--target ${name}`,
    line: undefined,
    column: undefined,
    path: '',
    message: `no such target; ${there}`,
    suggestion: nearestName(name, names),
  };
}
