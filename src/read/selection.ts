import { createHash } from 'node:crypto';
import type { LoadedPipeline } from '../config/load.ts';
import type { CursorWindow } from '../core/read-window.ts';
import type { Ledger, RunRecord } from '../ledger/ledger.ts';
import type { RunSelection, RunWindow } from '../ledger/selection.ts';
import type { Host } from '../core/host.ts';
import { partialFlag, withoutPassword } from '../job/fingerprint.ts';
import type { Reading } from '../job/job.ts';
import type { Prepared } from '../job/parts.ts';
import { drawSample } from './sample.ts';

/** Fixes which rows a new run reads. Reads the source, where it must, and changes nothing. */
export async function fixSelection(reading: Omit<Reading, 'run'>): Promise<RunSelection> {
  const { prepared, flags, host } = reading;
  const window = await fixWindow(reading);
  if (flags.sample === undefined) return { window };
  const size = { rows: flags.sample, seed: flags.seed ?? 0 };
  return { window, sample: await drawSample(prepared.source, size, { window, signal: host.signals.drain }) };
}

async function fixWindow({ ledger, loaded, prepared, flags, host }: Omit<Reading, 'run'>) {
  const { incremental } = prepared.source;
  if (incremental === undefined) return undefined;
  const scope = scopeOf(loaded);
  const low = flags.fullRefresh === true ? null : await ledger.watermarks.watermark(loaded.name, scope);
  const window: RunWindow = {
    ...(await incremental.fixWindow(low, host.signals.drain)),
    cursor: incremental.column,
    lag: incremental.lag,
    scope,
    moves: partialFlag(flags) === null,
    skipsUnchanged: prepared.skipsUnchanged,
  };
  if (!prepared.skipsUnchanged && low !== null && window.lag !== null) warnOfRepeats(host, prepared, window);
  return window;
}

function warnOfRepeats({ emit }: Host, { sink }: Prepared, { cursor, lag }: RunWindow): void {
  const message = `${sink.target} keeps no request_hash, so rows whose ${cursor} lies within the lag of ${lag} are sent again; add a column request_hash text to it.`;
  emit({ type: 'Warned', message });
}

/** A run's window as its first line shows it. */
export function shownWindow({ selection }: RunRecord): CursorWindow | undefined {
  if (selection.window === undefined) return undefined;
  const { cursor, lag, low, high } = selection.window;
  return { cursor, lag, low, high };
}

/** Whether an earlier run has dealt with all rows that lie below a window of this pipeline. */
export async function hasWatermark(ledger: Ledger, loaded: LoadedPipeline): Promise<boolean> {
  if (loaded.pipeline.source['incremental'] === undefined) return false;
  return (await ledger.watermarks.watermark(loaded.name, scopeOf(loaded))) !== null;
}

/** A run whose rows now go elsewhere, or are chosen otherwise, says nothing of the scope that it began in. */
export async function pinIfMoved(
  ledger: Ledger,
  loaded: LoadedPipeline,
  { runId, selection }: RunRecord,
): Promise<void> {
  if (selection.window === undefined) return;
  if (selection.window.scope !== scopeOf(loaded)) await ledger.watermarks.pinWatermark(runId);
}

/**
 * What a watermark is true of: the rows that the source and the filters let through, and the target that they go to.
 * The request is no part of it, so that an edited prompt is for rows that change from then on; see `--full-refresh`.
 */
function scopeOf({ pipeline }: LoadedPipeline): string {
  const { type, url, table, query, path, where, key, incremental } = withoutPassword(pipeline.source);
  const { cursor } = (incremental ?? {}) as { readonly cursor?: string };
  const filters = pipeline.transforms.filter((transform) => transform.type === 'filter');
  const sink = withoutPassword(pipeline.sink);
  const target = { type: sink['type'], url: sink['url'], table: sink['table'], path: sink['path'] };
  const scope = [{ type, url, table, query, path, where, key, cursor }, filters, target];
  return createHash('sha256').update(JSON.stringify(scope)).digest('hex');
}
