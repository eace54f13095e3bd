import type { LoadedPipeline } from '../config/load.ts';
import { BatchlineError, errorMessage } from '../core/errors.ts';
import type { Host } from '../core/host.ts';
import type { OpenedSink } from '../core/sink.ts';
import type { Ledger, RunRecord } from '../ledger/ledger.ts';
import { runRow } from './run-row.ts';
import type { RunSummary } from './summary.ts';

/** A run whose row can be written, where its sink is open. */
export interface Recorded {
  readonly ledger: Ledger;
  readonly run: RunRecord;
  readonly host: Host;
  readonly loaded?: LoadedPipeline;
  readonly prepared?: { readonly sink: OpenedSink };
}

/**
 * Writes a run into the pipeline's `runs_table`, as it is left. A table that cannot be written is warned of: the run is
 * no worse for it.
 *
 * @param thrown what ended it; null where nothing did
 */
export async function recordRun(recorded: Recorded, summary: RunSummary, thrown: unknown): Promise<void> {
  const { ledger, run, host, loaded, prepared } = recorded;
  const table = loaded?.pipeline.runs_table;
  if (loaded === undefined || table === undefined || host.signals.abort.aborted) return;
  try {
    await prepared?.sink.recordRun?.(await runRow({ ledger, run, loaded }, summary, thrown));
  } catch (error) {
    const hint = error instanceof BatchlineError && error.hint !== undefined ? ` ${error.hint}` : '';
    const message = `Run ${run.runId} does not stand in ${table}: ${errorMessage(error)}${hint}`;
    host.emit({ type: 'Warned', message });
  }
}
