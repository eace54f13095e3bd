import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { chunkFiles } from '../batch/chunk-files.ts';
import type { ChunkRow } from '../batch/chunk-rows.ts';
import { Reconciliation, rowState, type ChunkSpan } from '../batch/reconciliation.ts';
import { Semaphore } from '../core/semaphore.ts';
import type { ChunkRecord, FailedRow } from '../ledger/ledger.ts';
import { keyNames } from './components.ts';
import { openQueue } from './deliver.ts';
import type { Collection } from './execution.ts';
import { joinResults } from './join-results.ts';
import { loadsAtOnce } from './load-queue.ts';

/** What became of answers that were loaded again. */
export interface Reloaded {
  readonly loaded: number;
  readonly failed: number;
  /** Answers that are no longer kept. */
  readonly gone: number;
}

export type FailuresByChunk = ReadonlyMap<number | null, readonly FailedRow[]>;

/**
 * Loads saved answers again, from the output files that are kept: those of rows of stage `load`, or of every row that
 * was ever answered well. Nothing is bought.
 */
export async function reload(
  collection: Collection,
  failures: FailuresByChunk,
  which: 'failed' | 'all',
): Promise<Reloaded> {
  const sum = { loaded: 0, failed: 0, gone: 0 };
  const slots = new Semaphore(loadsAtOnce);
  for (const chunk of await collection.ledger.chunks(collection.run.runId)) {
    collection.host.drain.throwIfAborted();
    const unloaded = (failures.get(chunk.chunk) ?? []).filter(({ stage }) => stage === 'load');
    if (chunk.rowStates === null || (which === 'failed' && unloaded.length === 0)) continue;
    const done = await reloadChunk({ collection, slots, chunk, unloaded, which });
    sum.loaded += done.loaded;
    sum.failed += done.failed;
    sum.gone += done.gone;
  }
  return sum;
}

/** Loads every saved answer of a run again. @returns what became of them */
export async function loadAllAgain(collection: Collection): Promise<Reloaded> {
  const failures = Map.groupBy(
    await Array.fromAsync(collection.ledger.failedRows(collection.run.runId)),
    ({ chunk }) => chunk,
  );
  return reload(collection, failures, 'all');
}

interface ChunkReload {
  readonly collection: Collection;
  readonly slots: Semaphore;
  readonly chunk: ChunkRecord;
  /** Its rows whose answers could not be loaded. */
  readonly unloaded: readonly FailedRow[];
  readonly which: 'failed' | 'all';
}

async function reloadChunk(work: ChunkReload): Promise<Reloaded> {
  const { collection, chunk } = work;
  const { folder, runId } = collection.run;
  const files = await savedFiles(folder, chunk.chunk);
  const wanted = work.which === 'failed' ? work.unloaded.length : chunk.ok + work.unloaded.length;
  if (files.length === 0) return { loaded: 0, failed: 0, gone: wanted };
  using reconciliation = await Reconciliation.open(folder, [chunk]);
  const [span] = reconciliation.spans;
  if (span === undefined) throw new Error('A reconciliation without a chunk.');
  const candidates = chooseCandidates(work, reconciliation, span);
  const cleaned = await join(work, reconciliation, files);
  const outcome = outcomeOf(work, reconciliation, span, candidates);
  await collection.ledger.recordReload(runId, chunk.chunk, { ...outcome, cleaned });
  const { loaded, failures } = outcome;
  const { emit } = collection.host;
  emit({ type: 'ChunkLoaded', chunk: chunk.chunk, ok: loaded, failed: failures.length, pending: 0 });
  return { loaded, failed: failures.length, gone: candidates.length - loaded - failures.length };
}

/** Opens the rows that are to be loaded again and closes all others, so that their results are passed over. */
function chooseCandidates(
  { chunk, unloaded, which }: ChunkReload,
  reconciliation: Reconciliation,
  span: ChunkSpan,
): readonly number[] {
  const failedIds = new Set(unloaded.map(({ customId }) => customId));
  const candidates: number[] = [];
  for (const [line, customId] of span.rows.customIds.entries()) {
    const state = chunk.rowStates?.[line];
    const isWanted = failedIds.has(customId) || (which === 'all' && state === rowState.ok);
    reconciliation.states[line] = isWanted ? rowState.pending : rowState.ok;
    if (isWanted) candidates.push(line);
  }
  return candidates;
}

/** @returns how many rows were cleaned */
async function join(
  { collection, slots, chunk, which }: ChunkReload,
  reconciliation: Reconciliation,
  files: readonly string[],
): Promise<number> {
  const { ledger, run, loaded, prepared, host } = collection;
  const names = keyNames(loaded.pipeline);
  const history = await ledger.rowHistory(run.runId, chunk.chunk);
  // An inserting sink tells loads by their place. Whoever fails again is loaded once more each time; a table that is to
  // get every row gets each once, however often a crash has the command typed again.
  const suffix = which === 'all' ? `into-${prepared.sink.target}` : `again-${chunk.reloads + 1}`;
  let cleaned = 0;
  const queue = openQueue(
    { ...prepared, ...host, slots, runId: run.runId, keyNames: names },
    reconciliation,
    chunk.chunk,
    (count) => (cleaned += count),
  );
  for (const file of files) {
    await joinResults(
      {
        reconciliation,
        queue,
        history,
        reader: prepared.reader,
        columns: prepared.columns,
        keyNames: names,
        place: `${basename(file).replace(/\.jsonl(\.gz)?$/, '')}.${suffix}`,
        now: new Date().toISOString(),
        signal: host.signal,
      },
      file,
    );
  }
  await queue.drain();
  return cleaned;
}

function outcomeOf(
  { chunk, unloaded }: ChunkReload,
  reconciliation: Reconciliation,
  span: ChunkSpan,
  candidates: readonly number[],
) {
  const before = new Map(unloaded.map((row) => [row.customId, row]));
  const rowStates = Uint8Array.from(chunk.rowStates ?? []);
  const recovered: string[] = [];
  const failures: FailedRow[] = [];
  let loaded = 0;
  for (const line of candidates) {
    const row = span.rows.row(line);
    const refusal = reconciliation.refusals.get(line);
    const known = before.get(row.customId);
    if (refusal !== undefined) {
      rowStates[line] = rowState.failed;
      failures.push({ ...(known ?? freshFailure(chunk, row)), ...refusal });
    } else if (reconciliation.states[line] === rowState.ok) {
      rowStates[line] = rowState.ok;
      loaded += 1;
      if (known !== undefined) recovered.push(row.customId);
    }
  }
  const ok = rowStates.filter((state) => state === rowState.ok).length;
  return { rowStates, recovered, failures, loaded, ok };
}

function freshFailure(
  { chunk, batchId }: ChunkRecord,
  { customId, key, requestHash }: ChunkRow,
): Omit<FailedRow, 'code' | 'message'> {
  return { customId, key, stage: 'load', attempts: 1, chunk, batchId, requestHash, request: null };
}

/** The files of a chunk's answers that are still kept. */
export async function savedFiles(folder: string, chunk: number): Promise<readonly string[]> {
  const { output, errors } = chunkFiles(folder, chunk);
  const found: string[] = [];
  for (const path of [output, errors]) {
    // A crash while it was compressed may have left both.
    for (const name of [path, `${path}.gz`]) {
      if (!(await exists(name))) continue;
      found.push(name);
      break;
    }
  }
  return found;
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
