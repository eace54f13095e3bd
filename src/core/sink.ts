import { z } from 'zod';
import { cel, type ComponentDeclaration } from './component.ts';
import type { RunRow } from './run-row.ts';
import type { Value } from './value.ts';

/** One target column and the expression that fills it. */
const columnBlock = z.union([
  z
    .string()
    .min(1)
    .meta({ ...cel }),
  z.strictObject({
    value: z
      .string()
      .min(1)
      .meta({ description: 'A CEL expression over the result.', ...cel }),
    type: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'The SQL type that a created table gives the column.' }),
  }),
]);

const keyBlock = z.union([
  z.string().min(1),
  z.array(z.string().min(1)).min(1),
  z.record(z.string(), z.string().min(1)).meta({ description: 'Column to SQL type, for a created table.' }),
]);

/** The keys that every sink block has. */
export const sinkCommon = {
  key: keyBlock
    .optional()
    .meta({ description: 'The columns that take the source key, in its order. Default: the same names.' }),
  columns: z.record(z.string().min(1), columnBlock).optional().meta({
    description: 'Target column: CEL expression over the result. Default: the answer and the model.',
  }),
} as const;

/** A column that a sink is to fill. */
export interface ColumnPlan {
  readonly name: string;
  /** The SQL type that a created table gives it. */
  readonly sqlType: string;
  /** Whether the column takes one float vector a row, which is worth a binary COPY. */
  readonly isVector: boolean;
  /** Of a key: whether the source has whole numbers there, though `sqlType` may be text. */
  readonly isWhole?: boolean;
  /** The CEL expression that its values come from; of a key's column there is none. */
  readonly expression?: string;
  /** How many elements its vectors will have, where that is known beforehand. */
  readonly dimensions?: number | undefined;
  /** What is known of its values before any answer is there; absent where that is nothing. */
  readonly samples?: ColumnSamples | undefined;
}

/** Values that a column will have to hold. */
export interface ColumnSamples {
  /** Of each kind of value that can come, an ordinary one. */
  readonly values: readonly Value[];
  /** Whether no others than these, and null, can come. */
  readonly isEvery: boolean;
  /** Whether null can come too. */
  readonly mayBeNull: boolean;
}

/** What a sink is told about the pipeline that writes to it. */
export interface SinkContext {
  readonly pipeline: string;
  readonly key: readonly ColumnPlan[];
  /** Whether the key's last column is the number of a piece of a record, from 0. */
  readonly isSplit?: boolean;
  /** The value columns, without the key and without `request_hash`. */
  readonly columns: readonly ColumnPlan[];
  readonly baseDir: string;
  readonly stateDir: string;
  /** A table that gets a row for each run; absent where there is none. */
  readonly runsTable?: string | undefined;
  readonly signal: AbortSignal;
  warn(message: string): void;
}

/** Rows to load, column by column. Arrays have one entry a row. */
export interface ResultBatch {
  readonly length: number;
  readonly customIds: readonly string[];
  /** One array a key column, of key texts in the source's own notation. */
  readonly keys: readonly (readonly string[])[];
  /** One array a value column, in the order of `SinkContext.columns`. */
  readonly columns: readonly (readonly Value[])[];
  readonly requestHashes: readonly (string | null)[];
  /** Of each record's first piece, how many pieces there are, else null; only where records are split. */
  readonly pieceCounts?: readonly (number | null)[];
  /**
   * Rows of the same part of the results that have no values, since a column's expression failed on them. A sink that
   * tells loads by their mark notes them: the mark stands for the whole part, however its columns are edited later.
   */
  readonly leftOut?: readonly LeftOutRow[];
}

/** A row that is not to be loaded, and why. */
export interface LeftOutRow {
  readonly customId: string;
  readonly code: string;
  readonly message: string;
}

/** Records and how many pieces each has. */
export interface PieceCounts {
  /** Each record's key, as its parts, without the piece's number. */
  readonly keys: readonly (readonly string[])[];
  readonly counts: readonly number[];
}

/** Names the work that a batch of rows belongs to, so that an inserting sink can tell that it did it already. */
export interface LoadMark {
  readonly runId: string;
  /** Where in the run's results the rows stood; the same again when a load is repeated. */
  readonly place: string;
  readonly sha256: string;
}

export interface LoadOutcome {
  /** Rows that the sink refused, by their index in the batch; all others are durable. */
  readonly failures: readonly LoadFailure[];
  /** Rows in which NUL or lone surrogates were replaced by U+FFFD. */
  readonly cleaned: number;
  /** custom_ids of `leftOut` that an earlier load under the same mark has loaded. */
  readonly standing?: readonly string[];
}

export interface LoadFailure {
  readonly row: number;
  readonly code: string;
  readonly message: string;
}

/**
 * A sink that is open: it has been reached, and its target's shape is known or will be made by `prepare`.
 *
 * Order of calls: `rehearse` or `prepare`, then `load` (up to two at a time), then `finish`. Whoever opened it
 * disposes it. `load` resolves when the rows are durable; rejecting it means that none of them is. Errors are
 * BatchlineErrors, marked `retryable` where the target may come back; the sink neither retries nor logs.
 */
export interface OpenedSink extends AsyncDisposable {
  /** Names the target, for messages and the summary: `public.ticket_tags`. */
  readonly target: string;
  /** Whether the target keeps `request_hash`, so that unchanged rows need not be bought again. */
  readonly keepsHash: boolean;
  /** Whether `finish` replaces the target, so that a run must bring every row that it is to hold. */
  readonly isReplaced: boolean;
  /** What it fills, to be compared with a source's `tableId`, where that is one table of a database. */
  readonly tableId?: string | undefined;
  /**
   * Finds out, changing nothing, whether rows can be loaded: privileges, columns, types, keys. Warns where runs cannot be
   * recorded. @throws BatchlineError
   */
  rehearse(): Promise<void>;
  /** Creates what `create: true` promises. May be called again. */
  prepare(): Promise<void>;
  /** For each key, given as its parts, whether the target holds it with this request hash. At most 5,000 keys a call. */
  findUnchanged(keys: readonly (readonly string[])[], hashes: readonly string[]): Promise<readonly boolean[]>;
  /**
   * Told of the keys that a run leaves out since they are unchanged: another key that the target finds equal is not to
   * take the place of such a row. Missing where the target never finds keys equal that differ.
   */
  noteUnchanged?(keys: readonly (readonly string[])[], runId: string): Promise<void>;
  /**
   * Where records are split and rows are replaced, the loading of a record's first piece also deletes, in the same
   * transaction, the pieces that the target holds of that record beyond the last one.
   */
  load(rows: ResultBatch, mark: LoadMark): Promise<LoadOutcome>;
  /**
   * Deletes such pieces of records whose first piece is not loaded. At most 5,000 records a call.
   *
   * @returns the records, by their index, whose pieces stay because the target refuses to delete them
   */
  deletePieces?(records: PieceCounts): Promise<readonly LoadFailure[]>;
  /**
   * Whether what earlier processes have loaded for a run, and what is yet to be loaded, make one target. Where it is not,
   * since its columns were edited or something else took its place, loading begins anew, and `holds` then tells that
   * rows are missing. Where the target is not replaced, the answer is yes.
   */
  continues(runId: string): Promise<boolean>;
  /**
   * Whether all that was loaded for a run is still there to be made visible, or is visible. Where the target is not
   * replaced, the answer is yes: what was loaded is the target's own.
   *
   * @param rows how many rows of the run were loaded, over all its processes
   */
  holds(rows: number, runId: string): Promise<boolean>;
  /** Throws away what was loaded and is not visible yet, so that every row may be loaded anew. */
  restart(): Promise<void>;
  /**
   * Where nothing stands in the target, forgets that a run's loads with `place` in their mark's place were made, so that
   * a table which was emptied since is filled again. Missing where loads are not told by marks that outlive them.
   */
  forgetLoads?(runId: string, place: string): Promise<void>;
  /**
   * Makes what was loaded visible, where loading alone does not: a file sink's rename. May be called again, by a later
   * process too.
   *
   * @param rows how many rows of the run were loaded, over all its processes
   * @throws BatchlineError where the target would hold another number of them
   */
  finish(rows: number): Promise<void>;
  /**
   * Deletes the target's rows whose key is none of the given ones, in one transaction; rows that are loaded after the
   * call began are left alone. Nothing is deleted where reading the keys throws. May be called again. Missing where the
   * sink cannot do it.
   *
   * @returns how many rows
   */
  deleteMissing?(keys: MissingKeys): Promise<number>;
  /**
   * What loading has set aside in the target until the run ends, as a sentence for a user who leaves before; null, or
   * missing, where there is nothing of the kind.
   */
  readonly setAside?: string | null;
  /** Puts back what loading set aside. For when a run has ended, well or not; may be called again, by a later process too. */
  restore?(): Promise<void>;
  /**
   * Puts a run into `runsTable`, in the place of what stands there of it; makes the table where it is missing. Missing
   * where the sink has no tables.
   */
  recordRun?(row: RunRow): Promise<void>;
  /**
   * The target's first rows as they now are, by column name; values as text.
   *
   * @param wanted keys, as their parts, whose rows come before all others, as far as the target is more than one run's
   */
  sample(count: number, wanted?: readonly (readonly string[])[]): Promise<SinkSample>;
}

/** The keys of all rows of the source. */
export interface MissingKeys {
  /** How many of the sink's key columns are compared: the first ones, where it has more than the source. */
  readonly parts: number;
  /** One array a part, of key texts in the source's own notation. */
  readonly batches: AsyncIterable<readonly (readonly string[])[]>;
}

export interface SinkSample {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
}

export interface SinkDeclaration<
  Name extends string = string,
  Config extends z.ZodObject = z.ZodObject,
> extends ComponentDeclaration<Name, Config> {
  /** Connects and learns the target's shape. Changes nothing. */
  open(config: z.output<Config>, context: SinkContext): Promise<OpenedSink>;
}

export function defineSink<Name extends string, Config extends z.ZodObject>(
  declaration: SinkDeclaration<Name, Config>,
): SinkDeclaration<Name, Config> {
  return declaration;
}
