import { dirname, join, relative, sep } from 'node:path';
import { exists } from '../files/exists.ts';

const installed = join('node_modules', 'batchline', 'schema', 'pipeline.schema.json');

/** The name of a copy, where the package is installed nowhere above. */
export const schemaCopy = 'pipeline.schema.json';

/** The way from a folder to the installed package's schema; null where there is none. */
export async function installedSchema(folder: string): Promise<string | null> {
  for (let above = folder; ; above = dirname(above)) {
    const path = join(above, installed);
    if (await exists(path)) return slashed(relative(folder, path));
    if (dirname(above) === above) return null;
  }
}

function slashed(path: string): string {
  const text = path.replaceAll(sep, '/');
  return text.startsWith('.') ? text : `./${text}`;
}
