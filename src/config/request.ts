import { z } from 'zod';
import type { Endpoint } from '../core/dialect.ts';
import { requestBlock } from '../core/request-block.ts';
import { providers } from '../providers/index.ts';

const names = requestBlock.shape.endpoint;

/** Endpoints by the paths that providers' own pages call them by. */
const byPath = new Map(
  providers.flatMap(({ dialect }) =>
    Object.entries(dialect.paths).map(([name, path]): [string, Endpoint] => [path, name as Endpoint]),
  ),
);

/** The word for an endpoint, of its word or a path of it; undefined of anything else. */
export function endpointOf(written: unknown): Endpoint | undefined {
  const name = names.safeParse(written);
  return name.success ? name.data : byPath.get(String(written));
}

/** The `request:` block of a pipeline file, where an endpoint may be named by its path as well. */
export const requestSchema = requestBlock.extend({
  endpoint: z
    .enum([...byPath.keys(), ...names.options])
    .transform((written) => byPath.get(written) ?? (written as Endpoint))
    .meta(names.meta() ?? {}),
});
