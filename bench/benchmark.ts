import type { Measurement } from './measure.ts';
import type { Workspace } from './workspace.ts';

/** One line of the table. */
export interface Result {
  readonly what: string;
  readonly rows: number;
  readonly ours: Measurement;
  /** What it is compared with, and how long that took; null where a figure stands alone. */
  readonly baseline: { readonly what: string; readonly seconds: number } | null;
  /** The figure that counts, and what it should reach at most. */
  readonly figure: number;
  readonly unit: 'times' | 'MB' | 's';
  readonly target: number;
}

export interface Benchmark {
  readonly name: string;
  run(workspace: Workspace): Promise<readonly Result[]>;
}

/** A line that compares the time of ours with that of a baseline. */
export function ratio(
  what: string,
  rows: number,
  measured: { readonly ours: Measurement; readonly theirs: Measurement },
  baseline: string,
  target: number,
): Result {
  const { ours, theirs } = measured;
  return {
    what,
    rows,
    ours,
    baseline: { what: baseline, seconds: theirs.seconds },
    figure: ours.seconds / theirs.seconds,
    unit: 'times',
    target,
  };
}

/** The ceiling of any command's memory, in MB of 10^6 bytes. */
const memoryTarget = 300;

/** A line that gives the peak memory of a command. */
export function memory(what: string, rows: number, ours: Measurement): Result {
  const figure = (ours.peakBytes ?? Number.NaN) / 1e6;
  return {
    what: `${what}: peak memory`,
    rows,
    ours,
    baseline: null,
    figure,
    unit: 'MB',
    target: memoryTarget,
  };
}
