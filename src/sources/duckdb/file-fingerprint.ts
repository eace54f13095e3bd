import { hash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import type { DuckSession } from '../../duckdb/session.ts';

/** More files than these are put down as one digest. */
const mostNamed = 100;

export interface NamedFiles {
  /** Absolute paths. */
  readonly files: readonly string[];
  /** The size and date of each. */
  readonly fingerprint: Readonly<Record<string, string>>;
}

/** The files that a query's paths and globs name, as DuckDB itself expands them. */
export async function fingerprintFiles(
  session: DuckSession,
  paths: readonly string[],
  baseDir: string,
): Promise<NamedFiles> {
  const named: string[] = [];
  const states: [string, string][] = [];
  for (const path of paths) {
    const files = await session.rows<[string]>('SELECT file FROM glob($1) ORDER BY file', [path]);
    for (const [file] of files) {
      named.push(resolve(baseDir, file));
      states.push([relative(baseDir, file) || file, await stateOf(file)]);
    }
  }
  if (states.length <= mostNamed) return { files: named, fingerprint: Object.fromEntries(states) };
  const digest = `${states.length} ${hash('sha256', JSON.stringify(states))}`;
  return { files: named, fingerprint: { files: digest } };
}

async function stateOf(path: string): Promise<string> {
  const info = await stat(path).catch(() => null);
  return info === null ? '' : `${info.size} ${info.mtimeMs}`;
}
