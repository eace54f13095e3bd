import { join } from 'node:path';
import type { LoadedPipeline } from '../config/load.ts';
import type { MaxFailedRows } from '../config/failed-rows.ts';
import { BatchlineError } from '../core/errors.ts';
import type { SinkSample } from '../core/sink.ts';
import { acquireLock } from '../ledger/exclusive-lock.ts';
import type { Ledger, RunRecord, RunStatus } from '../ledger/ledger.ts';
import { openSqliteLedger } from '../ledger/sqlite-ledger.ts';
import { chooseRun, hasUploads, newRunId, owned, ownerLock } from './choose-run.ts';
import { requireWholeSource, type Host } from './components.ts';
import { execute } from './execute.ts';
import { isWithinLimit } from './exit-code.ts';
import { writeFailedRows } from './failed-rows-file.ts';
import { fingerprint, type RequestFlags } from './fingerprint.ts';
import { preparePipeline, type Prepared } from './prepared.ts';
import { summarize, type RunSummary } from './summary.ts';

export interface RunFlags extends RequestFlags {
  readonly newRun?: boolean | undefined;
  readonly maxFailedRows?: MaxFailedRows | undefined;
  readonly yes?: boolean | undefined;
  /** Whether the sink's target is another one than the file's, so that part of the rows may replace it. */
  readonly isRedirected?: boolean | undefined;
}

export interface RunResult {
  readonly summary: RunSummary;
  readonly exitCode: 0 | 1;
  /** The sink's first rows. */
  readonly sample: SinkSample;
  readonly target: string;
  readonly stateDir: string;
  readonly isEmulator: boolean;
}

const sampleRows = 10;

/** Runs a pipeline from its source to its sink, or goes on with the run of it that is unfinished. */
export async function runPipeline(loaded: LoadedPipeline, flags: RunFlags, host: Host): Promise<RunResult> {
  const startedAt = Date.now();
  await using ledger = await openSqliteLedger(loaded.stateDir);
  await using prepared = await preparePipeline(loaded, host, { where: flags.where });
  if (flags.isRedirected !== true) requireWholeSource(prepared.sink, flags);
  await rehearse(prepared, host);
  await using owned = await ownRun(ledger, loaded, prepared, flags, host);
  const { run } = owned;
  let status: RunStatus = 'failed';
  try {
    await prepared.sink.prepare();
    await execute({ ledger, run, loaded, prepared, flags, host });
    const rows = await ledger.rowCounts(run.runId);
    if (rows.pending !== 0) throw new Error(`Run ${run.runId} ended with ${rows.pending} rows pending.`);
    status = rows.failed === 0 ? 'completed' : 'completed_with_failures';
    const limit = flags.maxFailedRows ?? loaded.pipeline.max_failed_rows;
    const isGood = isWithinLimit(rows, limit);
    if (isGood && (rows.records > 0 || flags.yes === true)) await prepared.sink.finish(rows.ok);
    return {
      summary: { ...(await summarizeAt(ledger, run, startedAt)), status },
      exitCode: isGood ? 0 : 1,
      sample: await prepared.sink.sample(sampleRows),
      target: prepared.sink.target,
      stateDir: loaded.stateDir,
      isEmulator: prepared.isEmulator,
    };
  } catch (error) {
    status = host.signal.aborted ? 'interrupted' : 'failed';
    throw await afterStart(error, ledger, run, host);
  } finally {
    await ledger.addWorkedMs(run.runId, Date.now() - startedAt);
    await ledger.setStatus(run.runId, status, Date.now());
    // Last, since a full disk is no reason to forget how the run ended.
    await writeFailedRows(ledger, run);
    host.emit({ type: 'RunEnded', runId: run.runId, status });
  }
}

/** Finds out whether the whole way will work, changing nothing: the sink's rehearsal and the provider's key. */
async function rehearse(prepared: Prepared, host: Host): Promise<void> {
  await prepared.sink.rehearse();
  await prepared.provider.check(host.signal);
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
  const { limit, where, fullRefresh } = flags;
  const print = fingerprint(loaded.pipeline, { limit, where, fullRefresh }, prepared.source.fingerprint);
  const { resume } = await chooseRun(ledger, {
    pipeline: name,
    fingerprint: print,
    newRun: flags.newRun ?? false,
    fullRefresh: fullRefresh ?? false,
    skipsUnchanged: prepared.skipsUnchanged,
  });
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
      startedAt: Date.now(),
    });
  }
  await ledger.setStatus(runId, 'running', Date.now());
  const run = await ledger.run(runId);
  if (run === null) throw new Error(`Run ${runId} is not in the ledger.`);
  host.emit({ type: 'RunStarted', runId, pipeline: name, resumed: resume !== null, stateDir });
  return { run, [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose]() };
}

async function summarizeAt(ledger: Ledger, run: RunRecord, startedAt: number): Promise<RunSummary> {
  const summary = await summarize(ledger, run);
  return { ...summary, seconds: Math.round((run.workedMs + Date.now() - startedAt) / 100) / 10 };
}

/** From here on an error leaves a run behind that the same command continues; say so, and end with 1 once money may be spent. */
async function afterStart(error: unknown, ledger: Ledger, run: RunRecord, host: Host): Promise<unknown> {
  const goOn = `Type the same command again to go on with run ${run.runId}.`;
  if (host.signal.aborted) {
    const message = `Run ${run.runId} was interrupted; nothing is lost.`;
    return new BatchlineError('interrupted', message, { hint: goOn, exitCode: 130, cause: error });
  }
  if (!(error instanceof BatchlineError) || !(await hasUploads(ledger, run))) return error;
  const { code, message, where, hint, exitCode = 1 } = error;
  return new BatchlineError(code, message, {
    where,
    hint: [hint, goOn].join(' ').trim(),
    exitCode,
    cause: error,
  });
}
