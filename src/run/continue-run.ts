import type { LoadedPipeline } from '../config/load.ts';
import { isEnded, type Ledger, type RunRecord } from '../ledger/ledger.ts';
import { changed, owned, ownerLock } from './choose-run.ts';
import type { Host } from '../core/host.ts';
import { requireWholeRun, requireWholeSource } from '../job/open-parts.ts';
import { execute, executeSealed } from './execute.ts';
import type { Collection, Pass } from '../job/job.ts';
import { fingerprint, flagsOf } from '../job/fingerprint.ts';
import { requireFillable } from '../load/fill-target.ts';
import { finishRun, type EndFlags, type RunResult } from './finish-run.ts';
import { pinIfMoved, shownWindow } from '../read/selection.ts';
import { prepareDelivery, preparePipeline } from '../job/parts.ts';
import { rehearse } from './rehearse.ts';
import { tellingHost } from './telling-host.ts';

export interface Continuation {
  readonly ledger: Ledger;
  readonly loaded: LoadedPipeline;
  readonly host: Host;
  readonly pass: Pass;
  readonly flags: EndFlags;
}

/**
 * Goes on with one run, by the flags that it was started with. The caller holds the run's lock.
 *
 * @param first what the command does before anything is sent or collected
 */
export async function continueRun(
  continuation: Continuation,
  run: RunRecord,
  first: (collection: Collection) => Promise<void> = async () => {},
): Promise<RunResult> {
  const { ledger, loaded, pass, flags } = continuation;
  const host = tellingHost(continuation.host, ledger, loaded.redactor, run.runId);
  const startedAt = Date.now();
  const common = { ledger, run, loaded, host, pass, startedAt };
  const requestFlags = flagsOf(run);
  if (run.readingFinished) {
    await using prepared = await prepareDelivery(loaded, run.schema, host);
    requireWholeSource(loaded, prepared.sink, requestFlags);
    requireWholeRun(loaded, prepared.sink, run);
    await rehearse(prepared, host);
    const work = { ...common, prepared };
    await requireFillable(work);
    await takeUp({ ...continuation, host }, run);
    return await finishRun({ ...work, flags }, async () => {
      await first(work);
      return executeSealed(work);
    });
  }
  await using prepared = await preparePipeline(loaded, host, { where: requestFlags.where });
  const print = fingerprint(
    loaded.pipeline,
    requestFlags,
    prepared.source.fingerprint,
    prepared.chain.fingerprint,
  );
  if (print.hash !== run.fingerprint) throw changed(run, print);
  requireWholeSource(loaded, prepared.sink, requestFlags);
  await rehearse(prepared, host);
  const work = { ...common, prepared, flags: { ...flags, ...requestFlags } };
  await requireFillable(work);
  await takeUp({ ...continuation, host }, run);
  return await finishRun(work, async () => {
    await first(work);
    return execute(work);
  });
}

async function takeUp({ ledger, loaded, host }: Continuation, run: RunRecord): Promise<void> {
  const { runId } = run;
  await pinIfMoved(ledger, loaded, run);
  await ledger.setStatus(runId, 'running', Date.now());
  const { name: pipeline, stateDir } = loaded;
  host.emit({ type: 'RunStarted', runId, pipeline, resumed: true, stateDir, window: shownWindow(run) });
}

/** A run that this process owns, as it is now. */
export interface OwnedRun extends AsyncDisposable {
  readonly run: RunRecord;
}

/** Takes a run's lock. @throws BatchlineError `run_is_owned` */
export async function own(ledger: Ledger, { runId, folder }: RunRecord): Promise<OwnedRun> {
  const lock = await ownerLock({ folder });
  if (lock === null) throw owned(`Another process is working on run ${runId}.`);
  const run = await ledger.run(runId);
  if (run === null) throw new Error(`Run ${runId} is not in the ledger.`);
  return { run, [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose]() };
}

/** Whether this is a run, and no build, that can be gone on with. */
export function isContinuable(run: RunRecord): boolean {
  return run.kind === 'run' && !isEnded(run);
}
