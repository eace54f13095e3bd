import { z } from 'zod';
import type { ComponentDeclaration } from './component.ts';
import type { ReadWindow, WindowedSource } from './read-window.ts';
import type { RowBatch } from './row-batch.ts';
import type { Field } from './value.ts';

const oneOrMany = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

/** The keys that every source block has. */
export const sourceCommon = {
  key: oneOrMany.meta({
    description: 'The column, or list of columns, whose values name a row. Unique and never null.',
  }),
  key_mode: z
    .enum(['auto', 'hash'])
    .default('auto')
    .meta({ description: 'hash: the provider sees only a hash of each key.' }),
  on_duplicate_key: z.enum(['error', 'first']).default('error').meta({
    description:
      'error: two rows of one key end the run before anything is sent. first: later rows are skipped.',
  }),
} as const;

/** What a source is told about the pipeline that reads from it. */
export interface SourceContext {
  readonly key: readonly string[];
  /** Folder that relative paths start from: the pipeline file's. */
  readonly baseDir: string;
  readonly stateDir: string;
  /** `--where`: a condition in the source's own language, added to the configured one. */
  readonly where?: string | undefined;
  readonly signal: AbortSignal;
  /** Tells the user something that does not stop the run. */
  warn(message: string): void;
}

/**
 * A source that is open: it has been reached, and what it offers is known.
 *
 * Order of calls: `read` at most once at a time; it may be called again to begin anew. Whoever opened the source
 * disposes it. Errors are BatchlineErrors; the source neither retries nor logs.
 */
export interface OpenedSource extends AsyncDisposable {
  /** Every field that it can deliver, with the type of each; file sources also offer `_row`. */
  readonly fields: readonly Field[];
  /** The key columns' fields, in the order of the configured key. */
  readonly keyFields: readonly Field[];
  /** Whether the source itself rules out two rows of one key (contract section 2). */
  readonly keyIsUnique: boolean;
  /** Whether `read` can continue after a row's cursor; otherwise a broken-off read begins again. */
  readonly resumable: boolean;
  /** What the read depends on beside the configuration, for the run's fingerprint: file sizes and dates. */
  readonly fingerprint: Readonly<Record<string, string>>;
  /**
   * Yields the rows in batches of some thousands, at constant memory. A consumer that stops early closes the read.
   *
   * @param options.fields names of the fields to deliver; batches have exactly these, in this order
   * @param options.after the batches' `cursor` of the last row already read; only where `resumable`
   * @param options.limit the most rows to read
   * @param options.window the stretch of the cursor column to read; only where `incremental`
   */
  read(options: ReadOptions): AsyncIterable<RowBatch>;
  /** How many rows there are to read; absent where the source cannot tell without reading them. */
  count?(options: CountOptions): Promise<number>;
  /** Records passed over by `on_bad_record: skip` so far. */
  readonly badRecords: number;
  /** Where the source is to read only what changed. */
  readonly incremental?: WindowedSource;
  /** What it reads, to be compared with a sink's `tableId`, where that is one table of a database. */
  readonly tableId?: string | undefined;
  /** The absolute paths of the files that it reads, as far as they are known. */
  readonly files?: readonly string[];
}

export interface ReadOptions {
  readonly fields: readonly string[];
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
  readonly window?: ReadWindow | undefined;
  readonly signal: AbortSignal;
}

/** Which rows are counted, and in how many milliseconds. */
export interface CountOptions extends Pick<ReadOptions, 'window' | 'signal'> {
  readonly withinMs: number;
}

export interface SourceDeclaration<
  Name extends string = string,
  Config extends z.ZodObject = z.ZodObject,
> extends ComponentDeclaration<Name, Config> {
  /** Whether it opens nothing but files, so that `validate` may ask it for its fields. */
  readonly readsFiles?: boolean;
  /** Connects or opens the files and learns the fields. Reads no rows, or of a file just the first. */
  open(config: z.output<Config>, context: SourceContext): Promise<OpenedSource>;
}

export function defineSource<Name extends string, Config extends z.ZodObject>(
  declaration: SourceDeclaration<Name, Config>,
): SourceDeclaration<Name, Config> {
  return declaration;
}
