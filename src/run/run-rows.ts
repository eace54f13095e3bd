import type { LoadedPipeline } from '../config/load.ts';
import { chunkFiles } from '../batch/chunk-files.ts';
import { ChunkRows } from '../batch/chunk-rows.ts';
import { rowState } from '../batch/reconciliation.ts';
import { BatchlineError } from '../core/errors.ts';
import { exists } from '../files/exists.ts';
import { addressOf } from '../job/fingerprint.ts';
import type { LedgerReader, RunRecord } from '../ledger/ledger.ts';

/**
 * The pipeline with the target that a run had, unless another one is asked for.
 *
 * @throws BatchlineError `other_target` where the file alone does not tell how to reach it
 */
export function withTargetOf(
  loaded: LoadedPipeline,
  { runId, target, selection }: RunRecord,
): LoadedPipeline {
  const { sink: then } = selection;
  if (then === undefined || loaded.isRedirected) return loaded;
  const now = addressOf(loaded.pipeline.sink);
  if (then['type'] !== now['type'] || then['url'] !== now['url']) {
    const where = [then['type'], then['url']].filter((part) => typeof part === 'string').join(' ');
    throw new BatchlineError(
      'other_target',
      `Run ${runId} went into ${target} (${where}), which the file no longer names.`,
      {
        hint: 'Name it with --set sink.url=... or --set sink.path=..., as that run did.',
        exitCode: 2,
      },
    );
  }
  const { table, path } = then;
  const sink = {
    ...loaded.pipeline.sink,
    ...(table !== undefined && { table }),
    ...(path !== undefined && { path }),
  };
  return { ...loaded, pipeline: { ...loaded.pipeline, sink } };
}

/** Keys of the first rows that a run has loaded, at most so many, as far as its files are kept. */
export async function loadedKeys(
  ledger: LedgerReader,
  { runId, folder }: RunRecord,
  most: number,
): Promise<readonly (readonly string[])[]> {
  const keys: (readonly string[])[] = [];
  for (const { chunk, requests, rowStates } of await ledger.chunks(runId)) {
    const path = chunkFiles(folder, chunk).rows;
    if (rowStates === null || keys.length >= most || !(await exists(path))) continue;
    using rows = await ChunkRows.open(path, requests);
    for (const [line, state] of rowStates.entries())
      if (state === rowState.ok && keys.length < most) keys.push(rows.row(line).key);
  }
  return keys;
}
