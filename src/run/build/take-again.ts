import type { Loading } from '../../job/job.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import type { FollowerIndex } from '../../load/followers/follower-index.ts';
import { rowState } from '../../batch/reconciliation.ts';
import { AgainWindow } from './again-window.ts';
import { BuildLoader } from './build-loader.ts';
import type { TakenFiles } from './taken-files.ts';

/** Chunks of which rows are loaded already. */
export async function loadedChunks({ ledger, run }: Loading): Promise<readonly ChunkRecord[]> {
  const chunks = await ledger.chunks(run.runId);
  return chunks.filter(({ rowStates }) => rowStates?.includes(rowState.ok) === true);
}

/**
 * Takes results once more of rows that an earlier command has loaded, and says how many were left out instead: those of
 * a sink that only inserts, and other answers than those that were loaded. A file sink has them all, or is refused.
 *
 * @param before what `loadedChunks` said before this command loaded anything
 */
export async function takeAgain(
  loading: Loading,
  index: FollowerIndex | null,
  before: readonly ChunkRecord[],
  taken: TakenFiles,
  files: readonly string[],
): Promise<void> {
  const { loaded, prepared, host } = loading;
  if (before.length === 0 || prepared.sink.isReplaced) return;
  const inserts = loaded.pipeline.sink['mode'] === 'insert';
  const isTaken = async (file: string): Promise<boolean> => !inserts && (await taken.has(file));
  let leftOut = 0;
  const onLeftOut = (rows: number): void => {
    leftOut += rows;
  };
  const loader = new BuildLoader(loading, index, taken, {
    chunks: () => Promise.resolve(before),
    open: (options, chunks) => AgainWindow.open({ ...options, isTaken, onLeftOut }, chunks),
  });
  await loader.loadAll(files);
  if (leftOut > 0) host.emit({ type: 'Warned', message: leftOutMessage(leftOut, inserts) });
}

function leftOutMessage(rows: number, inserts: boolean): string {
  const what = rows === 1 ? '1 row was' : `${rows} rows were`;
  const why = inserts
    ? '`mode: insert` would insert them twice. To fill a table that was emptied, load with `mode: upsert`.'
    : 'the first answer of a row stays.';
  return `${what} left out because they were loaded before: ${why}`;
}
