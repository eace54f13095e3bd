import { quoteIdentifier, quoteTable } from '../../pg/identifier.ts';
import type { LoadPlan } from './load-plan.ts';
import type { StagedColumn } from './staged-column.ts';
import { staged, stagedCellName } from './staging.ts';

/** Loads the staged rows whose place is below `to`. */
export function insertStaged(plan: LoadPlan, to = Infinity): string {
  const names = plan.columns.map(({ name }) => quoteIdentifier(name));
  const cells = plan.columns.map((column, index) => column.typed(stagedCellName(index)));
  const range = Number.isFinite(to) ? `WHERE place < ${to}` : '';
  return `INSERT INTO ${quoteTable(plan.table)} (${names.join(', ')})
    SELECT ${cells.join(', ')} FROM ${staged} ${range} ORDER BY place ${onConflict(plan, names)}`;
}

function onConflict({ mode, keyCount }: LoadPlan, names: readonly string[]): string {
  if (mode === 'insert') return '';
  const updates = names.slice(keyCount).map((name) => `${name} = excluded.${name}`);
  const action = updates.length === 0 ? 'NOTHING' : `UPDATE SET ${updates.join(', ')}`;
  return `ON CONFLICT (${names.slice(0, keyCount).join(', ')}) DO ${action}`;
}

/** For each staged row with a text that its column cannot hold: its place, and the column's place in the plan. */
export function selectMisfits({ columns }: LoadPlan): string | null {
  const cases = columns.flatMap(({ isSure, typed }, index) => {
    const cell = stagedCellName(index);
    return isSure ? [] : [`WHEN ${cell} IS NOT NULL AND TRY(${typed(cell)}) IS NULL THEN ${index}`];
  });
  if (cases.length === 0) return null;
  return `SELECT place, misfit FROM (SELECT place, CASE ${cases.join(' ')} END AS misfit FROM ${staged})
    WHERE misfit IS NOT NULL ORDER BY place`;
}

/** The text of a staged cell, for a message. */
export function selectText(place: number, column: number): string {
  return `SELECT ${stagedCellName(column)} FROM ${staged} WHERE place = ${place}`;
}

/** The staged rows whose key is that of an earlier one, with the first such. */
export function selectCollisions({ columns, keyCount }: LoadPlan): string {
  const key = columns
    .slice(0, keyCount)
    .map((column: StagedColumn, index) => column.typed(stagedCellName(index)));
  const window = `PARTITION BY ${key.join(', ')} ORDER BY place`;
  return `SELECT place, first_value(place) OVER (${window}) FROM ${staged}
    QUALIFY row_number() OVER (${window}) > 1 ORDER BY place`;
}

export function dropStaged(places: readonly number[]): string {
  return `DELETE FROM ${staged} WHERE place IN (${places.join(', ')})`;
}
