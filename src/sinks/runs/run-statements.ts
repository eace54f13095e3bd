import { type RunColumn, type RunRow, runColumnNames, runColumns } from '../../core/run-row.ts';
import { quoteIdentifier, quoteTable, type TableName } from '../../pg/identifier.ts';

export function createRuns(name: TableName): string {
  const columns = runColumnNames.map((column) => {
    const key = column === 'run_id' ? ' PRIMARY KEY' : '';
    return `${quoteIdentifier(column)} ${runColumns[column]}${key}`;
  });
  return `CREATE TABLE IF NOT EXISTS ${quoteTable(name)} (${columns.join(', ')})`;
}

interface Upsert {
  readonly sql: string;
  readonly values: (string | number | boolean | null)[];
}

/**
 * Puts a run's row in the place of its earlier one.
 *
 * @param has the columns that the table has; what it lacks is left out
 */
export function upsertRun(name: TableName, row: RunRow, has: (column: RunColumn) => boolean): Upsert {
  const columns = runColumnNames.filter((column) => column === 'run_id' || has(column));
  const names = columns.map(quoteIdentifier);
  const values = columns.map((column, index) => `$${index + 1}::${runColumns[column]}`);
  const changes = names.slice(1).map((column) => `${column} = excluded.${column}`);
  const conflict = changes.length === 0 ? 'NOTHING' : `UPDATE SET ${changes.join(', ')}`;
  const sql = `INSERT INTO ${quoteTable(name)} (${names.join(', ')}) VALUES (${values.join(', ')})
    ON CONFLICT (run_id) DO ${conflict}`;
  return { sql, values: columns.map((column) => storable(row[column])) };
}

/** What an error says may come from anywhere. */
function storable(value: RunRow[RunColumn]): RunRow[RunColumn] {
  return typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\uFFFD') : value;
}
