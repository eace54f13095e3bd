import { basename, isAbsolute, relative, resolve, sep } from 'node:path';
import { declarationOf } from '../config/blocks.ts';
import { didYouMean } from '../core/did-you-mean.ts';
import { BatchlineError } from '../core/errors.ts';
import type { OpenedSource, SourceDeclaration } from '../core/source.ts';
import { exists } from '../files/exists.ts';
import { sources } from '../sources/index.ts';
import type { FoundSource } from './found-source.ts';
import type { Block } from './plan.ts';

interface Place {
  readonly cwd: string;
  /** Where the pipeline file will stand. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** Opens a file of rows and reads its head. @param given relative to the working folder */
export async function lookAtFile(given: string, { cwd, folder, signal }: Place): Promise<FoundSource> {
  const absolute = resolve(cwd, given);
  if (!(await exists(absolute))) throw missing(given);
  const below = relative(folder, absolute);
  // What lies elsewhere is named in full, since a way up leads astray once the folder is moved.
  const path = isAbsolute(below) || below.startsWith(`..${sep}`) ? absolute : below.replaceAll(sep, '/');
  const block = blockOf(given, path);
  const declaration: SourceDeclaration = declarationOf(sources, { ...block, key: ['_row'] } as never);
  const context = { key: [], baseDir: folder, stateDir: folder, signal, warn: () => undefined };
  const config = declaration.config.loose().parse(block);
  await using source = await declaration.open(config, context);
  const fields = source.fields.filter(({ name }) => name !== '_row');
  if (!(await hasRows(source, signal))) throw empty(given);
  const names = source.fields.map(({ name }) => name);
  return {
    block,
    origin: given,
    shortName: basename(given).replace(/(?:\.(?:csv|tsv|jsonl?|ndjson|parquet|gz|zst))+$/i, ''),
    columns: fields.map(({ name, kind }) => ({ name, isText: kind === 'text' || kind === 'json' })),
    key: likelyKey(names),
    requireKey(key) {
      const unknown = key.find((name) => !names.includes(name));
      if (unknown === undefined) return;
      throw new BatchlineError('unknown_key', `${given} has no column "${unknown}".`, {
        hint: didYouMean(unknown, names),
        exitCode: 2,
      });
    },
  };
}

function blockOf(given: string, path: string): Block {
  const bare = given.toLowerCase().replace(/\.(?:gz|zst)$/, '');
  if (bare.endsWith('.csv') || bare.endsWith('.tsv')) return { type: 'csv', path };
  if (bare.endsWith('.jsonl') || bare.endsWith('.ndjson')) return { type: 'jsonl', path };
  if (bare.endsWith('.json')) return { type: 'json', path };
  if (bare.endsWith('.parquet'))
    return { type: 'duckdb', query: `SELECT * FROM '${path.replaceAll("'", "''")}'` };
  throw new BatchlineError('unknown_format', `${given} is no file whose format is known by its name.`, {
    hint: 'Name a .csv, .json, .jsonl or .parquet file, a postgres:// URL, or a variable that holds one.',
    exitCode: 2,
  });
}

async function hasRows(source: OpenedSource, signal: AbortSignal): Promise<boolean> {
  const fields = source.fields.slice(0, 1).map(({ name }) => name);
  for await (const batch of source.read({ fields, limit: 1, signal })) if (batch.length > 0) return true;
  return false;
}

/** A column that is called so; whether its values are unique, the run finds out. */
function likelyKey(names: readonly string[]): readonly string[] | null {
  const found =
    names.find((name) => /^(?:id|key|uuid|_id)$/i.test(name)) ??
    names.find((name) => /(?:_id|Id|ID)$/.test(name));
  if (found !== undefined) return [found];
  return names.includes('_row') ? ['_row'] : null;
}

function missing(path: string): BatchlineError {
  return new BatchlineError('unknown_file', `There is no file ${path}.`, {
    hint: 'Name a .csv, .json, .jsonl or .parquet file, a postgres:// URL, or a variable that holds one.',
    exitCode: 2,
  });
}

function empty(path: string): BatchlineError {
  return new BatchlineError('empty_file', `${path} has no rows.`, {
    hint: 'Name a file that has some.',
    exitCode: 2,
  });
}
