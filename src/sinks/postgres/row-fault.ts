import type { LoadFailure } from '../../core/sink.ts';
import { errorCode, errorMessage } from '../../core/errors.ts';

/** SQLSTATE classes that are about the data of a row: the rest is about the database, and no row is to blame. */
export const rowClasses: ReadonlySet<string> = new Set(['21', '22', '23', '38', '39', '44', '54', 'P0']);
const otherClasses: ReadonlySet<string> = new Set(['08', '25', '40', '53', '55', '57', '58', 'XX']);

const names: Readonly<Record<string, string>> = {
  '22001': 'value_out_of_range',
  '22003': 'value_out_of_range',
  '22008': 'value_out_of_range',
  '23001': 'foreign_key_violation',
  '23502': 'not_null_violation',
  '23503': 'foreign_key_violation',
  '23505': 'unique_violation',
  '23514': 'check_violation',
  '23P01': 'exclusion_violation',
  '42501': 'row_security_violation',
  P0001: 'raised_by_trigger',
};

const classNames: Readonly<Record<string, string>> = {
  '22': 'invalid_value',
  '23': 'constraint_violation',
  '44': 'check_option_violation',
  '54': 'row_too_large',
};

/** Whether the error was caused by a row, so that the others can be loaded without it. */
export function isRowFault(error: unknown): boolean {
  const code = errorCode(error);
  // Node's own codes (ECONNRESET) are not SQLSTATEs.
  if (code === undefined || !/^[0-9A-Z]{5}$/.test(code)) return false;
  const group = code.slice(0, 2);
  if (rowClasses.has(group)) return true;
  if (textOf(error, 'routine') === 'ExecWithCheckOptions') return true;
  // A trigger may raise any code.
  return !otherClasses.has(group) && group !== '42' && /function/.test(textOf(error, 'where') ?? '');
}

export function rowFailure(row: number, error: unknown): LoadFailure {
  const code = errorCode(error) ?? '';
  const detail =
    code.startsWith('23') && code !== '23502' && code !== '23514' ? textOf(error, 'detail') : undefined;
  const message = detail === undefined ? errorMessage(error) : `${errorMessage(error)} (${detail})`;
  return {
    row,
    code: names[code] ?? classNames[code.slice(0, 2)] ?? 'refused_by_database',
    message: message.replaceAll(/\s*\n\s*/g, ' '),
  };
}

/** A row that the statement did not write, without an error. */
export const leftOut = {
  code: 'skipped_by_trigger',
  message: 'the database wrote nothing for this row: a trigger (RETURN NULL) or a rule left it out',
} as const;

export function textOf(
  error: unknown,
  key: 'where' | 'routine' | 'detail' | 'table' | 'column',
): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const text = (error as Partial<Record<typeof key, unknown>>)[key];
  return typeof text === 'string' && text !== '' ? text : undefined;
}
