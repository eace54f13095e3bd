import type { ColumnPlan, ColumnSamples, SinkContext } from '../../core/sink.ts';
import type { Value } from '../../core/value.ts';
import type { DuckSession } from '../../duckdb/session.ts';
import { quoteIdentifier, quoteTable } from '../../pg/identifier.ts';
import type { LoadPlan } from './load-plan.ts';
import { selectMisfits } from './load-statements.ts';
import type { StagedColumn } from './staged-column.ts';
import { convertRows, stageRows } from './staging.ts';
import { fault } from './target-checks.ts';
import { shownValue } from '../shown-value.ts';

/**
 * Finds columns that cannot hold what the answers will bring, by staging such values as a load does.
 *
 * @throws BatchlineError `column_type_mismatch` or `column_not_null`
 */
export async function checkSamples(
  session: DuckSession,
  { columns }: SinkContext,
  plan: LoadPlan,
): Promise<void> {
  for (const each of columns) {
    const column = plan.columns
      .slice(plan.keyCount)
      .find(({ name }) => name.toLowerCase() === each.name.toLowerCase());
    if (each.samples === undefined || column === undefined) continue;
    checkNull(plan, each, each.samples, column);
    // Which texts an enum takes is more than an ordinary one can tell.
    if (!each.samples.isEvery && column.type.kind === 'enum') continue;
    for (const value of each.samples.values) await checkValue(session, plan, each, column, value);
  }
}

function checkNull(
  { table }: LoadPlan,
  { name, expression }: ColumnPlan,
  { mayBeNull }: ColumnSamples,
  { required, type }: StagedColumn,
): void {
  if (!mayBeNull || !required) return;
  throw fault(
    'column_not_null',
    table,
    `takes no null in column "${name}" of type ${type.declared}, and the schema lets \`${expression ?? name}\` be null`,
    `Take null out of the schema, let the column take it (ALTER TABLE ${quoteTable(table)} ALTER COLUMN ${quoteIdentifier(name)} DROP NOT NULL), or give another value in the expression.`,
  );
}

async function checkValue(
  session: DuckSession,
  plan: LoadPlan,
  { name, expression, sqlType }: ColumnPlan,
  column: StagedColumn,
  value: Value,
): Promise<void> {
  const alone: LoadPlan = { ...plan, columns: [column], keyCount: 0, writesHash: false };
  const rows = { length: 1, customIds: [''], keys: [], columns: [[value]], requestHashes: [null] };
  const converted = await convertRows(alone, rows);
  const [refused] = converted.refused;
  if (refused === undefined && !(await isMisfit(session, alone, converted))) return;
  const reason = refused === undefined ? '' : `: ${refused.message}`;
  throw fault(
    'column_type_mismatch',
    plan.table,
    `has column "${name}" of type ${column.type.declared}, and \`${expression ?? name}\` brings values such as ${shownValue(value)}${reason}`,
    `Change the column's type (a created table would give it ${sqlType}), what the schema allows there, or the expression.`,
  );
}

async function isMisfit(
  session: DuckSession,
  plan: LoadPlan,
  converted: Parameters<typeof stageRows>[2],
): Promise<boolean> {
  const select = selectMisfits(plan);
  if (select === null) return false;
  await stageRows(session, plan, converted);
  return (await session.rows(select)).length > 0;
}
