import { z } from 'zod';
import { duration } from './quantity.ts';

/** How far below the last run's end a run looks once more: a time for timestamps, a number for numbers. */
export type Lag = { readonly ms: number } | { readonly amount: number };

const lag = z.union([
  z
    .number()
    .nonnegative()
    .transform((amount): Lag => ({ amount })),
  duration.transform((ms): Lag => ({ ms })),
]);

/** `source.incremental`, for sources that speak SQL. */
export const incrementalBlock = z.strictObject({
  cursor: z
    .string()
    .min(1)
    .meta({
      description:
        'The column that rises with each change of a row: a timestamp, a date or a number; never null.',
      examples: ['updated_at'],
    }),
  lag: lag.optional().meta({
    description:
      'How far below the end of the last run is read again, for rows that were committed late: a duration like 1h, or a number where the cursor is one. Default: 1h for timestamps and dates, else 0.',
  }),
});

export type IncrementalConfig = z.output<typeof incrementalBlock>;

/** The stretch of a cursor column that a run reads: `low - lag < cursor <= high`. Values are the database's own text. */
export interface ReadWindow {
  /** Null where it reaches back to the first row. */
  readonly low: string | null;
  /** Null where there was no row. */
  readonly high: string | null;
}

/** A window with the name of its column and its lag, as a person writes it; null where there is none. */
export interface CursorWindow extends ReadWindow {
  readonly cursor: string;
  readonly lag: string | null;
}

/** The side of a source that can read only what changed. */
export interface WindowedSource {
  /** The cursor column. */
  readonly column: string;
  /** As a person writes it: `1h`; null where there is none. */
  readonly lag: string | null;
  /**
   * Fixes the window from `low` to the largest cursor that there is now.
   *
   * @throws BatchlineError `null_cursor` that names a row without a cursor, `endless_cursor`
   */
  fixWindow(low: string | null, signal: AbortSignal): Promise<ReadWindow>;
}
