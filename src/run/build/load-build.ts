import { resolve } from 'node:path';
import type { LoadedPipeline } from '../../config/load.ts';
import { BatchlineError } from '../../core/errors.ts';
import type { Ledger, RunRecord } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { BuildLoader } from './build-loader.ts';
import type { Host } from '../../core/host.ts';
import { isWithinLimit, warnOfAnswers } from '../finish-run.ts';
import { FollowerIndex } from '../../load/followers/follower-index.ts';
import { writeFailedRows } from '../failed-rows-file.ts';
import { resultFiles } from './result-files.ts';
import { loadedChunks, takeAgain } from './take-again.ts';
import { TakenFiles } from './taken-files.ts';
import { openToLoad } from '../open-run.ts';
import { ownedError, ownerLock } from '../run-lock.ts';
import { summarizeAt } from '../at-work.ts';
import { recordRun } from '../record-run.ts';
import { tellingSetAside } from '../../load/set-aside.ts';
import { summarize, type RunSummary } from '../summary.ts';

export interface LoadListener {
  /** Told which run it is, as soon as that is known. */
  readonly onRun: (run: RunRecord) => void;
}

export interface LoadFlags extends LoadListener {
  /** Folder of the build; the pipeline's newest where it is left out. */
  readonly build?: string | undefined;
  readonly results: readonly string[];
  /** Whether rows without a result have failed, since no more results will come. */
  readonly final: boolean;
}

export interface LoadResult {
  readonly summary: RunSummary;
  readonly exitCode: 0 | 1 | 3;
}

/** Loads results that were made elsewhere, joined with the rows of a build; never reads the source. */
export async function loadBuild(loaded: LoadedPipeline, flags: LoadFlags, outer: Host): Promise<LoadResult> {
  await using ledger = await openLedger(loaded.stateDir);
  const run = await findBuild(ledger, loaded, flags.build);
  flags.onRun(run);
  await using lock = await ownerLock(run);
  if (lock === null) throw ownedError(`Another process is loading build ${run.runId}.`);
  const files = await resultFiles(flags.results);
  await using opened = await openToLoad({ ledger, loaded, host: outer }, run);
  const { work } = opened;
  const { host } = work;
  const { sink } = work.prepared;
  await sink.prepare();
  await using followers = run.followers > 0 ? await FollowerIndex.open(run, host.signals.drain) : null;
  const before = await loadedChunks(work);
  const taken = await TakenFiles.open(run.folder, host.signals.drain);
  const loader = new BuildLoader(work, followers, taken);
  await tellingSetAside(sink, host, async () => {
    await loader.loadAll(files);
    await takeAgain(work, followers, before, taken, files);
    await taken.note(files);
    if (flags.final) await loader.closeAll();
    await sink.restore?.();
  });
  const rows = await ledger.rowCounts(run.runId);
  warnOfAnswers(host.emit, rows);
  const isGood = isWithinLimit(rows, loaded.pipeline.max_failed_rows);
  const isEmpty = rows.records === 0 && sink.isReplaced;
  if (isEmpty)
    host.emit({ type: 'Warned', message: `The build has no rows; ${sink.target} stays as it is.` });
  if (rows.pending === 0 && isGood && !isEmpty) await sink.finish(rows.ok);
  await writeFailedRows(ledger, run);
  const ended = rows.failed === 0 ? 'completed' : 'completed_with_failures';
  const status = rows.pending > 0 ? 'waiting' : ended;
  await recordRun(work, await summarizeAt(work, status), null);
  await ledger.addWorkedMs(run.runId, Date.now() - work.startedAt);
  await ledger.setStatus(run.runId, status, Date.now());
  const summary = await summarize(ledger, (await ledger.run(run.runId)) ?? run);
  return { summary, exitCode: rows.pending > 0 ? 3 : isGood ? 0 : 1 };
}

async function findBuild(
  ledger: Ledger,
  loaded: LoadedPipeline,
  folder: string | undefined,
): Promise<RunRecord> {
  const builds = (await ledger.runs(loaded.name)).filter(
    (run) => run.kind === 'build' && run.readingFinished,
  );
  const found = folder === undefined ? builds[0] : builds.find((run) => run.folder === resolve(folder));
  if (found !== undefined) return found;
  throw new BatchlineError('build_missing', `There is no finished build of ${loaded.name} here.`, {
    where: folder ?? loaded.stateDir,
    hint: 'Make one with `pipeline build FILE --out DIR`, with the same pipeline name and state folder.',
    exitCode: 2,
  });
}
