import { nearestName } from '../../core/did-you-mean.ts';
import { BatchlineError } from '../../core/errors.ts';
import type { SinkContext } from '../../core/sink.ts';
import type { DuckSession } from '../../duckdb/session.ts';
import { quoteIdentifier, quoteTable, type TableName } from '../../pg/identifier.ts';
import { createdType } from './created-type.ts';
import { filledColumns, type LoadMode } from './load-plan.ts';
import type { Target } from './target.ts';

/** A table's name as a person would write it. */
export function displayName({ schema, table }: TableName): string {
  return schema === undefined || schema === 'main' ? table : `${schema}.${table}`;
}

export function tableMissing(name: TableName): BatchlineError {
  return fault(
    'table_missing',
    name,
    'does not exist',
    'Set create: true in the sink, or correct sink.table.',
  );
}

/** What the catalog tells about whether the target can be filled, in the order in which a person would mend it. */
export function checkTarget(context: SinkContext, target: Target): void {
  if (target.isView) throw fault('not_a_table', target.name, 'is a view, not a table', 'Correct sink.table.');
  checkNames(context, target);
  checkFilled(context, target);
  checkDimensions(context, target);
}

function checkNames(context: SinkContext, target: Target): void {
  const plans = [...context.key, ...context.columns];
  const names = plans.map(({ name }) => name.toLowerCase());
  const twice = plans.find((_, index) => names.indexOf(names[index] ?? '') !== index);
  if (twice !== undefined)
    throw fault(
      'duplicate_column',
      target.name,
      `is to have column "${twice.name}" filled twice`,
      'Name it once in sink.key and sink.columns.',
    );
  const missing = plans.filter(({ name }) => !target.columns.has(name.toLowerCase()));
  if (missing.length === 0) return;
  const known = [...target.columns.values()].map(({ name }) => name);
  const similar = missing.flatMap(({ name }) => nearestName(name, known) ?? []);
  const additions = missing.map(
    ({ name, sqlType }) =>
      `ALTER TABLE ${quoteTable(target.name)} ADD COLUMN ${quoteIdentifier(name)} ${createdType(sqlType)};`,
  );
  const hint = [
    ...similar.map((name) => `Did you mean "${name}"?`),
    `To add what is missing: ${additions.join(' ')}`,
  ];
  throw fault(
    'column_missing',
    target.name,
    `has no ${plural(missing.map(({ name }) => name))}`,
    hint.join(' '),
  );
}

function checkFilled(context: SinkContext, target: Target): void {
  const filled = new Set(filledColumns(context, target).map((name) => name.toLowerCase()));
  const empty = [...target.columns]
    .filter(([name, { notNull, hasDefault }]) => notNull && !hasDefault && !filled.has(name))
    .map(([, { name }]) => name);
  if (empty.length === 0) return;
  throw fault(
    'column_not_filled',
    target.name,
    `needs a value in ${plural(empty)}, which is NOT NULL without a default, and nothing fills it`,
    'Name it in sink.columns, or give it a default.',
  );
}

/** Before anything is bought: every answer of another size would be refused. */
function checkDimensions({ columns }: SinkContext, target: Target): void {
  for (const { name, dimensions } of columns) {
    const { declared = '' } = target.columns.get(name.toLowerCase()) ?? {};
    const length = /^(?:FLOAT|DOUBLE)\[(\d+)\]$/.exec(declared)?.[1];
    if (length === undefined || dimensions === undefined || dimensions === Number(length)) continue;
    throw fault(
      'dimension_mismatch',
      target.name,
      `has column "${name}" of type ${declared}, and the embeddings will have ${dimensions} dimensions`,
      `Set request.params.dimensions: ${length}, where the model can shorten its vectors, or fill a column of ${dimensions}.`,
    );
  }
}

/** Pieces are deleted by their number. @throws BatchlineError `piece_column_type` */
export function checkPieceColumn(target: Target, name: string): void {
  const { declared = '' } = target.columns.get(name.toLowerCase()) ?? {};
  if (/^U?(?:TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/.test(declared)) return;
  throw fault(
    'piece_column_type',
    target.name,
    `takes the number of a piece in its column "${name}", which holds no whole numbers`,
    `ALTER TABLE ${quoteTable(target.name)} ALTER COLUMN ${quoteIdentifier(name)} TYPE INTEGER`,
  );
}

/** @throws BatchlineError `unique_index_missing` where nothing unique is on exactly the key's columns */
export async function checkKeyIndex(
  session: DuckSession,
  target: Target,
  context: SinkContext,
  mode: LoadMode,
): Promise<void> {
  if (mode !== 'upsert') return;
  const names = context.key.map(({ name }) => quoteIdentifier(name)).join(', ');
  const table = quoteTable(target.name);
  try {
    // The planner knows better than a reader of the catalog what it takes for a conflict.
    await session.check(
      `INSERT INTO ${table} (${names}) SELECT ${names} FROM ${table} ON CONFLICT (${names}) DO NOTHING`,
    );
  } catch (error) {
    if (!/conflict target/i.test(String(error))) throw error;
    const columns = context.key.map(({ name }) => name).join(', ');
    throw fault(
      'unique_index_missing',
      target.name,
      `has no unique index on exactly (${columns}), which mode: upsert needs`,
      `CREATE UNIQUE INDEX ${quoteIdentifier(`${target.name.table}_key`)} ON ${table} (${names})`,
    );
  }
}

function plural(names: readonly string[]): string {
  return `column${names.length === 1 ? '' : 's'} ${names.map((name) => `"${name}"`).join(', ')}`;
}

export function fault(code: string, name: TableName, problem: string, hint: string): BatchlineError {
  const table = displayName(name);
  return new BatchlineError(code, `${table} ${problem}`, { where: table, hint });
}
