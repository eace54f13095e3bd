import { errorMessage } from '../../core/errors.ts';
import type { LoadFailure } from '../../core/sink.ts';
import { errorClass, headline } from '../../duckdb/duckdb-error.ts';
import type { DuckSession } from '../../duckdb/session.ts';

const rowClasses: ReadonlySet<string> = new Set([
  'Constraint',
  'Conversion',
  'Invalid Input',
  'Out of Range',
]);

/** Whether the error was caused by a row, so that the others can be loaded without it. */
export function isRowFault(error: unknown): boolean {
  return rowClasses.has(errorClass(error) ?? '');
}

const codes: readonly (readonly [RegExp, string])[] = [
  // A collation may find keys equal that are staged as different texts.
  [/update the same row twice/i, 'sink_key_collision'],
  [/NOT NULL constraint/i, 'not_null_violation'],
  [/CHECK constraint/i, 'check_violation'],
  [/foreign key/i, 'foreign_key_violation'],
  [/unique constraint|primary key|duplicate key/i, 'unique_violation'],
  [/out of range/i, 'value_out_of_range'],
];

export function rowFailure(row: number, error: unknown): LoadFailure {
  const message = headline(errorMessage(error));
  const known = codes.find(([pattern]) => pattern.test(errorMessage(error)))?.[1];
  const fallback = errorClass(error) === 'Constraint' ? 'constraint_violation' : 'invalid_value';
  return { row, code: known ?? fallback, message };
}

/** Ends a transaction after an error; the first error says more than one of the end. */
export async function rollBack(session: DuckSession): Promise<void> {
  await session.run('ROLLBACK').catch(() => {});
}
