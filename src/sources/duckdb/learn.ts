import { resolve } from 'node:path';
import { didYouMean } from '../../core/did-you-mean.ts';
import { BatchlineError } from '../../core/errors.ts';
import type { SourceContext } from '../../core/source.ts';
import type { Field } from '../../core/value.ts';
import { loadDuckdb } from '../../duckdb/load-duckdb.ts';
import type { DuckSession } from '../../duckdb/session.ts';
import { tableId } from '../../duckdb/table-id.ts';
import { displayTable } from '../../pg/identifier.ts';
import type { DuckdbSourceConfig } from './config.ts';
import { rowNumber } from '../file/row-number.ts';
import type { SqlCursor } from '../sql/window.ts';
import { columnType, type ColumnType } from './column-type.ts';
import { fingerprintFiles } from './file-fingerprint.ts';
import { resolveFiles } from './query-files.ts';
import { findRelation, fromRelation } from './relation.ts';
import { selectSql } from './select.ts';
import { learnCursor } from './window.ts';

export interface Column {
  readonly field: Field;
  /** As DuckDB prints the type. */
  readonly declared: string;
  readonly type: ColumnType;
}

/** What is known of the rows' origin before any of them is read. */
export interface Origin {
  /** For messages. */
  readonly name: string;
  /** What stands after FROM; its name is `source`. */
  readonly from: string;
  readonly conditions: readonly string[];
  readonly columns: readonly Column[];
  /** In lower case. */
  readonly uniqueKeys: readonly (readonly string[])[];
  readonly fingerprint: Readonly<Record<string, string>>;
  /** The absolute paths of the files that a query names. */
  readonly files: readonly string[];
  /** Undefined for a query. */
  readonly tableId: string | undefined;
  /** Null where every run reads all rows. */
  readonly cursor: SqlCursor | null;
}

/** Learns what a configuration names, reading no rows. Throws what DuckDB throws, and BatchlineErrors. */
export async function learnOrigin(
  session: DuckSession,
  config: DuckdbSourceConfig,
  context: SourceContext,
): Promise<Origin> {
  const place =
    config.query === undefined
      ? await learnTable(session, config, context)
      : await learnQuery(session, config.query, context);
  const conditions = [config.where, context.where].filter((condition) => condition !== undefined);
  const described = await describe(session, place.from);
  // Tries the conditions out.
  await session.check(selectSql({ from: place.from, conditions, columns: [] }));
  const types = described.map(({ field, declared }) => `${field.name} ${declared}`).join(', ');
  const { incremental } = config;
  return {
    ...place,
    cursor:
      incremental === undefined
        ? null
        : await learnCursor(
            session,
            place,
            columnNamed(incremental.cursor, described, place.name, 'source.incremental.cursor').field.name,
            incremental,
          ),
    conditions,
    columns: config.query === undefined ? described : withNumber(described),
    fingerprint: { ...place.fingerprint, columns: types },
  };
}

type Place = Omit<Origin, 'conditions' | 'columns' | 'cursor'>;

async function learnTable(
  session: DuckSession,
  { table, path = '' }: DuckdbSourceConfig,
  { baseDir }: SourceContext,
): Promise<Place> {
  const relation = await findRelation(session, table ?? '', path);
  const { name } = relation;
  return {
    name: displayTable(name),
    tableId: await tableId(resolve(baseDir, path), name.schema, name.table),
    from: fromRelation(relation),
    uniqueKeys: relation.uniqueKeys,
    fingerprint: {},
    files: [],
  };
}

async function learnQuery(session: DuckSession, query: string, { baseDir }: SourceContext): Promise<Place> {
  const bare = query.trim().replace(/;\s*$/, '');
  const { sql, paths } = await resolveFiles(session, bare, baseDir);
  const { StatementType } = await loadDuckdb();
  const { isSelect, names } = await session.prepared(sql, (statement) => ({
    isSelect: statement.statementType === StatementType.SELECT,
    names: Array.from({ length: statement.columnCount }, (_, at) => statement.columnName(at)),
  }));
  if (!isSelect)
    throw new BatchlineError('bad_query', 'source.query must be one SELECT', {
      where: 'source.query',
      hint: 'Prepare data beforehand with the duckdb command line, or select them here.',
    });
  rejectTwins(names);
  return {
    name: 'the query',
    tableId: undefined,
    // On lines of its own, since it may end in a comment.
    from: `(\n${sql}\n) AS source`,
    uniqueKeys: [],
    ...(await fingerprintFiles(session, paths, baseDir)),
  };
}

/** Names differ by more than their case in DuckDB. */
function rejectTwins(names: readonly string[]): void {
  const lower = names.map((name) => name.toLowerCase());
  const twice = names.find((_, at) => lower.indexOf(lower[at] ?? '') !== at);
  if (twice === undefined) return;
  throw new BatchlineError('duplicate_column', `the query has two columns named "${twice}"`, {
    where: 'source.query',
    hint: 'Give one of them another name with AS.',
  });
}

async function describe(session: DuckSession, from: string): Promise<readonly Column[]> {
  const select = `SELECT * FROM ${from}`;
  const rows = await session.rows<[string, string]>(`DESCRIBE ${select}`);
  const api = await loadDuckdb();
  return session.prepared(select, (statement) =>
    rows.map(([name, declared], at) => {
      const type = columnType(api, statement.columnType(at), declared);
      return { declared, type, field: { name, kind: type.kind, sqlType: type.sqlType } };
    }),
  );
}

/** The record's number, which a query's rows have as a file's have. */
export const numberColumn: Column = {
  field: rowNumber,
  declared: 'BIGINT',
  type: {
    kind: rowNumber.kind,
    sqlType: rowNumber.sqlType,
    value: (cell) => BigInt(cell as number),
    keyText: String,
  },
};

/** A column of that name, as in a file that was written with it, comes first. */
function withNumber(columns: readonly Column[]): readonly Column[] {
  const hasNumber = columns.some(({ field }) => field.name === rowNumber.name);
  return hasNumber ? columns : [...columns, numberColumn];
}

/** @throws BatchlineError `unknown_column` */
export function columnNamed(name: string, columns: readonly Column[], origin: string, where: string): Column {
  const column = columns.find(({ field }) => field.name === name);
  if (column !== undefined) return column;
  const names = columns.map(({ field }) => field.name);
  throw new BatchlineError('unknown_column', `${origin} has no column "${name}"`, {
    where,
    hint: fileHint(names) ?? didYouMean(name, names),
  });
}

/** Where what DuckDB took for a CSV file's header is none. */
function fileHint(names: readonly string[]): string | undefined {
  const [first = ''] = names;
  if (/^"?sep=/i.test(first))
    return "The file begins with the line `sep=`, by which Excel names the delimiter: pass over it, read_csv('FILE', skip = 1, delim = ';'), or use the source csv, which reads it.";
  if (/[,;\t|]/.test(first))
    return "DuckDB found one column in the file. Say how it is written, read_csv('FILE', delim = ',', header = true), and whether its last line is a record: Ctrl-Z (0x1A) at the end is one to DuckDB, but not to the source csv.";
  return undefined;
}
