import { writtenDialect } from './dialect-of.ts';
import { valueAt, type Fault } from './fault.ts';
import { requestDraft } from './request-draft.ts';

/** What the sink's keys say about one another and about the request. */
export function checkSink(data: unknown): readonly Fault[] {
  return [...checkUpdate(data), ...checkDimensions(data), ...checkRunsTable(data)];
}

function checkUpdate(data: unknown): readonly Fault[] {
  if (valueAt(data, ['sink', 'mode']) !== 'update' || valueAt(data, ['sink', 'create']) !== true) return [];
  const message = 'makes no sense with mode: update, which fills rows that are there already';
  return [{ path: ['sink', 'create'], message, at: 'key' }];
}

/** A row for each run stands beside the answers, which takes a database. */
function checkRunsTable(data: unknown): readonly Fault[] {
  const table = valueAt(data, ['runs_table']);
  const type = valueAt(data, ['sink', 'type']);
  if (typeof table !== 'string' || typeof type !== 'string') return [];
  const isDatabase =
    type === 'postgres' || (type === 'duckdb' && valueAt(data, ['sink', 'table']) !== undefined);
  const message = 'goes beside a table of a `postgres` or `duckdb` sink; files have no place for it';
  if (!isDatabase) return [{ path: ['runs_table'], message, at: 'key' }];
  if (table !== valueAt(data, ['sink', 'table'])) return [];
  return [{ path: ['runs_table'], message: "is the sink's own table; name another" }];
}

function checkDimensions(data: unknown): readonly Fault[] {
  const request = requestDraft(data);
  const expected = writtenDialect(data)?.facts(request).dimensions ?? null;
  if (expected === null) return [];
  const origin =
    valueAt(request.params, ['dimensions']) === undefined
      ? `the default of ${String(request.model)}`
      : 'request.params.dimensions';
  return typedEmbeddings(data).flatMap(([name, type]) => {
    const declared = declaredDimensions(type);
    if (declared === null || declared === expected) return [];
    const message = `takes ${declared} dimensions, and the embeddings will have ${expected} (${origin})`;
    return [{ path: ['sink', 'columns', name, 'type'], message }];
  });
}

/** The columns that take the embedding as it is, with the type that is written beside it. */
function typedEmbeddings(data: unknown): readonly (readonly [string, string])[] {
  const columns = valueAt(data, ['sink', 'columns']);
  if (typeof columns !== 'object' || columns === null) return [];
  return Object.entries(columns).flatMap(([name, column]) => {
    const value = valueAt(column, ['value']);
    const type = valueAt(column, ['type']);
    const isEmbedding = typeof value === 'string' && value.trim() === 'embedding';
    return isEmbedding && typeof type === 'string' ? [[name, type] as const] : [];
  });
}

const vectorType = /^\s*(?:[\w"]+\s*\.\s*)?"?(?:vector|halfvec|sparsevec)"?\s*\(\s*(\d+)\s*\)\s*$/i;

/** The dimensions that one of pgvector's types takes, as declared: 1536 of `vector(1536)`; null of any other type. */
function declaredDimensions(sqlType: string): number | null {
  const digits = vectorType.exec(sqlType)?.[1];
  return digits === undefined ? null : Number(digits);
}
