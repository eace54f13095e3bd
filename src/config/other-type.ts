import { isMap } from '../core/json.ts';
import { valueAt, type Path } from './fault.ts';
import { type Override } from './overrides.ts';
import { pipelineSchema } from './pipeline.ts';
import { knownKeys, schemaAt } from './schema-tree.ts';

const blocks = ['source', 'provider', 'sink'] as const;

/**
 * The file's keys that a block has no more once `--set` or a target makes it one of another type: those of the old type
 * alone.
 *
 * @param data with the overrides in it
 */
export function keysOfOtherType(
  fileData: unknown,
  data: unknown,
  overrides: readonly Override[],
): readonly Path[] {
  return blocks.flatMap((block) => {
    const present = valueAt(fileData, [block]);
    const schema = schemaAt(pipelineSchema, data, [block]);
    if (!isMap(present) || schema === undefined) return [];
    if (present['type'] === valueAt(data, [block, 'type'])) return [];
    const known = new Set(knownKeys(schema));
    const isSet = (key: string): boolean =>
      overrides.some(({ path }) => path[0] === block && path[1] === key);
    // Of a type that there is not, nothing is known.
    if (known.size === 0) return [];
    return Object.keys(present)
      .filter((key) => !known.has(key) && !isSet(key))
      .map((key) => [block, key]);
  });
}

/** The data without what stands at some paths, each a key of a block. */
export function withoutKeys(data: unknown, paths: readonly Path[]): unknown {
  return paths.reduce<unknown>((result, [block = '', key]) => {
    const present = valueAt(result, [block]);
    if (!isMap(result) || !isMap(present)) return result;
    const left = Object.fromEntries(Object.entries(present).filter(([name]) => name !== key));
    return { ...result, [block]: left };
  }, data);
}
