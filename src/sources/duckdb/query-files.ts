import { isAbsolute, resolve } from 'node:path';
import { parseExactJson } from '../../core/exact-json.ts';
import { asList, asMap, type JsonMap } from '../../core/json.ts';
import { fromWire, toWire, type WireText } from '../../core/wire-text.ts';
import type { DuckSession } from '../../duckdb/session.ts';
import { textLiteral } from '../../duckdb/sql-text.ts';
import { quoteIdentifier } from '../../pg/identifier.ts';

/** A place of a query that names files: a path or a glob. */
interface Mention {
  readonly path: string;
  /** In bytes from the query's beginning. */
  readonly at: number;
}

export interface QueryFiles {
  /** The query with absolute paths. */
  readonly sql: string;
  /** The paths and globs that it reads, absolute; not those of the network. */
  readonly paths: readonly string[];
}

/**
 * Makes the paths of a query absolute. DuckDB's own `file_search_path` is asked only after the folder that the process
 * runs in, where a file of the same name would be read in place of the one that is meant.
 */
export async function resolveFiles(
  session: DuckSession,
  query: string,
  baseDir: string,
): Promise<QueryFiles> {
  const [row] = await session.rows<[string]>('SELECT json_serialize_sql($1::VARCHAR)::VARCHAR', [query]);
  const mentions = findMentions(parseExactJson(row?.[0] ?? 'null')).filter(({ path }) => !isRemote(path));
  const relative = mentions.filter(({ path }) => !isAbsolute(path) && !path.startsWith('~'));
  let sql = toWire(query);
  // From the end on, so that the places before stay where they are.
  for (const mention of relative.toSorted((a, b) => b.at - a.at)) sql = withAbsolute(sql, mention, baseDir);
  return { sql: fromWire(sql), paths: [...new Set(mentions.map(({ path }) => resolve(baseDir, path)))] };
}

function isRemote(path: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(path);
}

function withAbsolute(sql: WireText, { path, at }: Mention, baseDir: string): WireText {
  const absolute = resolve(baseDir, path);
  for (const quote of [textLiteral, quoteIdentifier]) {
    const written = toWire(quote(path));
    if (sql.startsWith(written, at))
      return (sql.slice(0, at) + toWire(quote(absolute)) + sql.slice(at + written.length)) as WireText;
  }
  return sql;
}

const fileName = /\.(?:parquet|csv|tsv|json|jsonl|ndjson)(?:\.gz|\.zst)?$/i;
const readers = /^(?:read_(?:parquet|csv|json|ndjson|text|blob)\w*|parquet_\w+|sniff_csv|glob)$/i;

function findMentions(value: unknown): readonly Mention[] {
  if (Array.isArray(value)) return asList(value).flatMap(findMentions);
  const node = asMap(value);
  return node === undefined ? [] : [...mentionsOf(node), ...Object.values(node).flatMap(findMentions)];
}

/** What a node of DuckDB's syntax tree itself names: `FROM 'a.parquet'` and `read_csv(['a', 'b'])`. */
function mentionsOf(node: JsonMap): readonly Mention[] {
  const { type, table_name: table, schema_name: schema, query_location: at } = node;
  if (type === 'BASE_TABLE' && typeof table === 'string' && schema === '' && fileName.test(table))
    return [{ path: table, at: Number(at) }];
  const call = type === 'TABLE_FUNCTION' ? asMap(node['function']) : undefined;
  const name = call?.['function_name'];
  if (typeof name !== 'string' || !readers.test(name)) return [];
  const [first] = asList(call?.['children']);
  const list = asMap(first)?.['children'];
  return (list === undefined ? [first] : asList(list)).flatMap(constantText);
}

function constantText(value: unknown): readonly Mention[] {
  const node = asMap(value);
  const text = asMap(node?.['value'])?.['value'];
  return node?.['class'] === 'CONSTANT' && typeof text === 'string'
    ? [{ path: text, at: Number(node['query_location']) }]
    : [];
}
