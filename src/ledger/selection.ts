import type { CursorWindow } from '../core/read-window.ts';

/** Which of the source's rows a run reads, fixed at its start; a resumed run goes on with the same. */
export interface RunSelection {
  /** Of an incremental source. */
  readonly window?: RunWindow | undefined;
  /** Of a run with `--sample`. */
  readonly sample?: RunSample | undefined;
  /** Whether its rows are those of batches that were found at the provider, which may not be all of the source's. */
  readonly isAdopted?: boolean | undefined;
  /** The sink's address as it was when the run began. */
  readonly sink?: Readonly<Record<string, unknown>> | undefined;
  /** Which of the file's targets it was begun with. */
  readonly target?: string | undefined;
  /** Batches at the provider that --new-run has passed by: nobody is asked about them again. */
  readonly passedBy?: readonly string[] | undefined;
}

export interface RunWindow extends CursorWindow {
  /** What its rows come from and go to: what one scope has seen says nothing of another. */
  readonly scope: string;
  /** Whether the next run may begin where this one ends. */
  readonly moves: boolean;
  /** Whether rows that are read once more are sent only where they changed. */
  readonly skipsUnchanged?: boolean | undefined;
}

export interface RunSample {
  readonly seed: number;
  /** A row is in the sample whose number, drawn by its key and the seed, is at most this. */
  readonly highest: number;
}

/**
 * How far each pipeline has dealt with its source. A watermark moves in the transaction that ends a run well, to the
 * end of the run's window; of two runs at a time, the one that began later decides. Since a window begins at a
 * watermark, everything below a watermark has been dealt with, whichever run moved it.
 *
 * A run that ends after a newer one may have loaded older answers over the newer ones: the watermark goes back to the
 * end of its window, so that what changed since is read again, unless that would buy what did not.
 */
export interface WatermarkLedger {
  /** Where the next window of a pipeline begins; null where no run has ended yet. */
  watermark(pipeline: string, scope: string): Promise<string | null>;
  /** Lets a run's end move no watermark: its rows no longer go where its window says. */
  pinWatermark(runId: string): Promise<void>;
}
