import { errorMessage } from '../../core/errors.ts';
import type { LoadFailure } from '../../core/sink.ts';
import { readMessage } from '../../duckdb/duckdb-message.ts';
import type { DuckSession } from '../../duckdb/session.ts';

const rowClasses: ReadonlySet<string> = new Set([
  'Constraint',
  'Conversion',
  'Invalid Input',
  'Out of Range',
]);

/** Whether the error was caused by a row, so that the others can be loaded without it. */
export function isRowFault(error: unknown): boolean {
  return rowClasses.has(readMessage(errorMessage(error)).errorClass ?? '');
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
  const { errorClass, statement: message } = readMessage(errorMessage(error));
  const known = codes.find(([pattern]) => pattern.test(errorMessage(error)))?.[1];
  const fallback = errorClass === 'Constraint' ? 'constraint_violation' : 'invalid_value';
  return { row, code: known ?? fallback, message };
}

/** Ends a transaction after an error; the first error says more than one of the end. */
export async function rollBack(session: DuckSession): Promise<void> {
  await session.run('ROLLBACK').catch(() => {});
}
