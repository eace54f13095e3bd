import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as duckdb from '@duckdb/node-api';
import { BatchlineError, errorCode } from '../core/errors.ts';

export type DuckApi = typeof duckdb;

const name = '@duckdb/node-api';

/**
 * Loads DuckDB, which is an optional package.
 *
 * @throws BatchlineError `duckdb_missing` where it is not installed
 */
export async function loadDuckdb(): Promise<DuckApi> {
  returnMemory();
  try {
    return await import('@duckdb/node-api');
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  // The project that batchline is used in may have the package even where batchline itself stands elsewhere.
  try {
    const path = createRequire(join(process.cwd(), 'package.json')).resolve(name);
    const loaded = (await import(pathToFileURL(path).href)) as DuckApi & { readonly default?: DuckApi };
    return loaded.default ?? loaded;
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw missing(error);
  }
}

/**
 * Lets DuckDB's allocator, which reads its settings from the environment when it is loaded, hand memory back as soon as
 * it is free. By default it keeps some 80 MB for ten seconds, beyond the memory limit.
 */
function returnMemory(): void {
  process.env['DUCKDB_JE_MALLOC_CONF'] ??= 'dirty_decay_ms:0,muzzy_decay_ms:0';
}

/** The package itself, or its binary for this platform. */
function isMissing(error: unknown): boolean {
  return ['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND'].includes(errorCode(error) ?? '');
}

function missing(cause: unknown): BatchlineError {
  const { peerDependencies } = createRequire(import.meta.url)('../../package.json') as {
    readonly peerDependencies: Readonly<Record<string, string>>;
  };
  return new BatchlineError('duckdb_missing', `DuckDB (${name}) is not installed`, {
    hint: `Run npm install ${name}@${peerDependencies[name] ?? 'latest'}`,
    cause,
  });
}
