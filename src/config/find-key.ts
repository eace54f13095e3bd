import type { z } from 'zod';
import { valueAt, type Path } from './fault.ts';
import { childSchema, knownKeys, resolveSchema } from './schema-tree.ts';

/** The full path of a key that stands in the wrong block, where only one block has such a key. */
export function findKey(schema: z.core.$ZodType, data: unknown, key: string): Path | undefined {
  const found = [...knownPaths(schema, data, [])].filter((path) => path.at(-1) === key);
  return found.length === 1 ? found[0] : undefined;
}

/** Every key that the file may have, down to the blocks' own; lists are not looked into. */
function* knownPaths(schema: z.core.$ZodType, data: unknown, path: Path): Generator<Path> {
  const resolved = resolveSchema(schema, valueAt(data, path) ?? {}).schema;
  for (const key of knownKeys(resolved)) {
    yield [...path, key];
    const child = childSchema(resolved, key);
    if (child !== undefined) yield* knownPaths(child, data, [...path, key]);
  }
}
