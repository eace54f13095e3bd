import type { OutputBasis } from './expected-output.ts';
import type { PlannedCost } from './planned-cost.ts';
import type { PlannedFile } from './packed-files.ts';

/** What a run would read, send and cost. Its properties are named as `plan --json` prints them. */
export interface Plan {
  readonly pipeline: string;
  readonly rows: {
    readonly records: number;
    readonly read: number;
    readonly filtered: number;
    readonly skipped: number;
    /** Those included that fail before they are sent. */
    readonly requested: number;
    readonly failed: number;
  };
  /** `tokens` are those of the estimate that files are packed by, as in a build's manifest. */
  readonly batches: readonly PlannedFile[];
  readonly tokens: {
    readonly input: number;
    readonly output_expected: number | null;
    readonly output_ceiling: number | null;
    /** Whether every request was counted, by the model's own tokenizer. */
    readonly exact: boolean;
    readonly output_basis: OutputBasis | null;
  };
  readonly cost_usd: Omit<PlannedCost, 'expected'>;
  readonly prices_as_of: string | null;
  /** Whose prices these are. */
  readonly prices_by: string;
  /** What is to be said of them. */
  readonly prices_remark: string | null;
  /** Which way a run would send them. */
  readonly way: 'batch' | 'standard';
  /** How many rounds the limit on enqueued tokens makes of the files. */
  readonly rounds: number;
  /** Bytes that a run's files of requests and rows would take on disk. */
  readonly disk_bytes: number;
  /** When a run that begins now should be done; null where too little is known. */
  readonly done: { readonly p50: string; readonly p90: string } | null;
  /** Whether only the first rows were read, and the numbers are those of all rows if the others are like them. */
  readonly extrapolated: boolean;
  /** Whether only the first rows were read, and how many there are is not known. */
  readonly at_least: boolean;
  /** The rows that were read for it. */
  readonly sampled_records: number;
  /** A run that `run` would go on with, if it is of the same requests. */
  readonly unfinished_run: string | null;
}
