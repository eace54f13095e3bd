import type { Field } from '../core/value.ts';
import type { FollowerCounts } from './follower-ledger.ts';
import type { RunSelection } from './selection.ts';

export type RunStatus =
  | 'running'
  | 'waiting'
  | 'completed'
  | 'completed_with_failures'
  | 'cancelled'
  | 'failed'
  | 'interrupted'
  | 'refused';

/** Statuses after which a run is never taken up again. */
const endedStatuses: ReadonlySet<RunStatus> = new Set(['completed', 'completed_with_failures', 'cancelled']);

/** Whether a run is never taken up again. */
export function isEnded({ status }: { readonly status: RunStatus }): boolean {
  return endedStatuses.has(status);
}

/** `build`: files made for a hand upload; its results come through `load`. */
export type RunKind = 'run' | 'build';

export interface SourceSchema {
  readonly fields: readonly Field[];
  readonly keyFields: readonly Field[];
}

export interface NewRun {
  readonly runId: string;
  readonly pipeline: string;
  readonly kind: RunKind;
  /** Hash over what decides which requests are sent (contract section 4). */
  readonly fingerprint: string;
  /** What the hash was made of, part by part, to show what differs. No secret in it. */
  readonly fingerprintParts: Readonly<Record<string, string>>;
  /** Absolute path of the folder with the run's files. */
  readonly folder: string;
  readonly target: string;
  /** Absolute path of the pipeline file. */
  readonly path: string;
  /** The fields that reach the renderer and those of the key, for joins that do not open the source. */
  readonly schema: SourceSchema;
  readonly selection?: RunSelection | undefined;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** How far the source was read. Rows are counted as items; `records` are the source's own. */
export interface ReadCounts {
  readonly records: number;
  readonly read: number;
  readonly filtered: number;
  readonly skipped: number;
}

export interface RunRecord extends NewRun, ReadCounts, FollowerCounts {
  readonly selection: RunSelection;
  readonly status: RunStatus;
  readonly readingFinished: boolean;
  /** The source's cursor of the last row whose fate is durable; null before the first. */
  readonly readCursor: string | null;
  /** Records behind that row of which some pieces are durable already. */
  readonly partlyRead: readonly PartlyRead[];
  /** Milliseconds of work summed over all its processes. */
  readonly workedMs: number;
  readonly endedAt: number | null;
  /** Whether the user wants it cancelled: nothing of it is sent any more, whoever takes it up. */
  readonly cancelRequested: boolean;
  /** When its rows are all to be there, in milliseconds since 1970; null where that does not matter. */
  readonly deadlineAt: number | null;
  /** Whether it had ended by then; null before its end. What it does later is not measured by it. */
  readonly deadlineMet: boolean | null;
  /** Since when no batch of it is waited for any longer; null where they are. */
  readonly cutOverAt: number | null;
}

/** A record that was split, some of whose pieces stand in sealed files and some in none yet. */
export interface PartlyRead {
  /** The text of the source's own key. */
  readonly key: string;
  /** How many of its pieces are durable: the first ones. */
  readonly done: number;
  /** How many it has. */
  readonly of: number;
}
