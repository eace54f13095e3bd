import { BatchlineError } from '../../core/errors.ts';
import type { IncrementalConfig, Lag } from '../../core/read-window.ts';

/** The column that a window is a stretch of. */
export interface CursorColumn {
  readonly name: string;
  readonly sqlType: string;
  readonly isTime: boolean;
  /** Null where it is nothing. */
  readonly lag: Lag | null;
}

/** A column that is to be a cursor, and what its values are; null where they have no order, or none that rises. */
export interface CursorCandidate {
  readonly name: string;
  readonly sqlType: string;
  readonly kind: 'time' | 'number' | null;
}

const hourMs = 3_600_000;

/** @throws BatchlineError `bad_cursor`, `bad_lag` */
export function cursorColumn(candidate: CursorCandidate, { lag }: IncrementalConfig): CursorColumn {
  const { name, sqlType, kind } = candidate;
  if (kind !== null) return { name, sqlType, isTime: kind === 'time', lag: checkedLag(candidate, lag) };
  throw new BatchlineError('bad_cursor', `the cursor "${name}" is ${sqlType}`, {
    where: 'source.incremental.cursor',
    hint: 'Name a column of timestamps, dates or numbers that rises with each change of a row.',
  });
}

function checkedLag({ name, sqlType, kind }: CursorCandidate, lag: Lag | undefined): Lag | null {
  const isTime = kind === 'time';
  if (lag === undefined) return isTime ? { ms: hourMs } : null;
  const isNothing = 'ms' in lag ? lag.ms === 0 : lag.amount === 0;
  if (isNothing) return null;
  if ('ms' in lag === isTime) return lag;
  throw new BatchlineError(
    'bad_lag',
    `the lag of ${name} (${sqlType}) must be ${isTime ? 'a duration' : 'a number'}`,
    {
      where: 'source.incremental.lag',
      hint: isTime ? 'Write it like 1h or 2d.' : 'Write a number that is subtracted from the cursor.',
    },
  );
}

/** By the database's own arithmetic: a date less an hour is the evening before, so that its whole day is read again. */
export function lessLag(value: string, lag: Lag | null): string {
  if (lag === null) return value;
  return `(${value} - ${'ms' in lag ? `interval '${lag.ms} milliseconds'` : lag.amount})`;
}

/** @param key the row's, as `id = 7` */
export function nullCursor({ name }: CursorColumn, origin: string, key: string): BatchlineError {
  return new BatchlineError('null_cursor', `the cursor "${name}" of ${origin} is null in the row ${key}`, {
    where: 'source.incremental.cursor',
    hint: `Give every row a value, and declare the column NOT NULL, or leave such rows out with where: "${name} is not null".`,
  });
}

/** Whether a text is a value that nothing lies above. */
export function isEndless(text: string): boolean {
  return /^(?:inf|infinity|nan)$/i.test(text);
}

export function endlessCursor(
  { name }: CursorColumn,
  origin: string,
  high: string,
  key: string,
): BatchlineError {
  return new BatchlineError(
    'endless_cursor',
    `the cursor "${name}" of ${origin} is ${high} in the row ${key}`,
    {
      where: 'source.incremental.cursor',
      hint: 'Correct that row: no later change could lie above it.',
    },
  );
}

/** What to say of a cursor that lies in the future. */
export function aheadWarning({ name }: CursorColumn, origin: string, high: string): string {
  return `${name} of ${origin} reaches ${high}, which lies ahead: rows that change before then with earlier values will not be seen. Correct those rows.`;
}

const units: readonly (readonly [string, number])[] = [
  ['d', 24 * hourMs],
  ['h', hourMs],
  ['m', 60_000],
  ['s', 1000],
];

/** `1h`, `1000`; null where there is none. */
export function lagText(lag: Lag | null): string | null {
  if (lag === null) return null;
  if ('amount' in lag) return String(lag.amount);
  const [unit, ms] = units.find(([, each]) => lag.ms % each === 0) ?? ['ms', 1];
  return `${lag.ms / ms}${unit}`;
}
