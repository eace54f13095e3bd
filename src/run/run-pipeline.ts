import { join } from 'node:path';
import type { LoadedPipeline } from '../config/load.ts';
import { acquireLock } from '../ledger/exclusive-lock.ts';
import type { Ledger, RunRecord } from '../ledger/ledger.ts';
import { openSqliteLedger } from '../ledger/sqlite-ledger.ts';
import { chooseRun, newRunId, owned, ownerLock } from './choose-run.ts';
import { requireWholeRun, requireWholeSource, type Host } from './components.ts';
import { execute } from './execute.ts';
import { wholePass } from './execution.ts';
import { requireFillable } from './fill-target.ts';
import { finishRun, type EndFlags, type RunResult } from './finish-run.ts';
import { fingerprint, type RequestFlags } from './fingerprint.ts';
import { preparePipeline, type Prepared } from './prepared.ts';
import { fixSelection, hasWatermark, pinIfMoved, shownWindow } from './selection.ts';
import { rehearse } from './rehearse.ts';
import { checkSample } from './sample-rules.ts';
import { refuseStrangers } from './strangers.ts';

export interface RunFlags extends RequestFlags, EndFlags {
  readonly newRun?: boolean | undefined;
  /** Whether to end while batches are under way, once everything that may leave has left. */
  readonly noWait?: boolean | undefined;
  /** Whether to go on when most answers fail with one code. */
  readonly noBreaker?: boolean | undefined;
}

/** Runs a pipeline from its source to its sink, or goes on with the run of it that is unfinished. */
export async function runPipeline(loaded: LoadedPipeline, flags: RunFlags, host: Host): Promise<RunResult> {
  checkSample(loaded, flags);
  const startedAt = Date.now();
  await using ledger = await openSqliteLedger(loaded.stateDir);
  await using prepared = await preparePipeline(loaded, host, { where: flags.where });
  requireWholeSource(loaded, prepared.sink, flags);
  await rehearse(prepared, host);
  await using owned = await ownRun(ledger, loaded, prepared, flags, host);
  const { run } = owned;
  const pass = { ...wholePass, waits: flags.noWait !== true, breaks: flags.noBreaker !== true };
  const work = { ledger, run, loaded, prepared, flags, host, pass, startedAt };
  return await finishRun(work, () => execute(work));
}

interface OwnedRun extends AsyncDisposable {
  readonly run: RunRecord;
}

/** Decides which run this is and takes its lock, so that no other process can choose at the same time. */
async function ownRun(
  ledger: Ledger,
  loaded: LoadedPipeline,
  prepared: Prepared,
  flags: RunFlags,
  host: Host,
): Promise<OwnedRun> {
  const { stateDir, name } = loaded;
  await using choosing = await acquireLock(join(stateDir, 'choosing.lock'), 30_000);
  if (choosing === null) throw owned(`Another process is starting a run in ${stateDir}.`);
  const { limit, sample, seed, where, fullRefresh } = flags;
  const chosen = { limit, sample, seed, where, fullRefresh };
  const print = fingerprint(loaded.pipeline, chosen, prepared.source.fingerprint, prepared.chain.fingerprint);
  const { resume } = await chooseRun(ledger, {
    pipeline: name,
    fingerprint: print,
    newRun: flags.newRun ?? false,
    fullRefresh: fullRefresh ?? false,
    skipsUnchanged: prepared.skipsUnchanged || (await hasWatermark(ledger, loaded)),
  });
  if (resume !== null) requireWholeRun(loaded, prepared.sink, resume);
  if (resume === null && flags.newRun !== true) {
    await refuseStrangers({ ledger, provider: prepared.provider, pipeline: name, host }, loaded.path);
  }
  const runId = resume?.runId ?? newRunId(new Date());
  const folder = resume?.folder ?? join(stateDir, 'runs', runId);
  const lock = await ownerLock({ folder });
  if (lock === null) throw owned(`Another process is working on run ${runId}.`);
  if (resume === null) {
    const { hash, parts } = print;
    await ledger.createRun({
      runId,
      pipeline: name,
      kind: 'run',
      fingerprint: hash,
      fingerprintParts: parts,
      folder,
      target: prepared.sink.target,
      path: loaded.path,
      schema: prepared.schema,
      selection: await fixSelection({ ledger, loaded, prepared, flags, host }),
      startedAt: Date.now(),
    });
  } else {
    await requireFillable({ ledger, run: resume, prepared });
    await pinIfMoved(ledger, loaded, resume);
  }
  await ledger.setStatus(runId, 'running', Date.now());
  const run = await ledger.run(runId);
  if (run === null) throw new Error(`Run ${runId} is not in the ledger.`);
  host.emit({
    type: 'RunStarted',
    runId,
    pipeline: name,
    resumed: resume !== null,
    stateDir,
    window: shownWindow(run),
  });
  return { run, [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose]() };
}
