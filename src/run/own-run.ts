import { join } from 'node:path';
import { acquireLock } from '../files/exclusive-lock.ts';
import type { Ledger, RunRecord } from '../ledger/ledger.ts';
import type { RunSelection } from '../ledger/selection.ts';
import { chooseRun, newRunId, owned, ownerLock } from './choose-run.ts';
import { requireWholeRun } from '../job/open-parts.ts';
import type { OwnedRun } from './continue-run.ts';
import { requireFillable } from '../load/fill-target.ts';
import { fingerprint, type Fingerprint, type RequestFlags } from '../job/fingerprint.ts';
import {
  fixSelection,
  hasWatermark,
  pinIfMoved,
  shownWindow,
  type SelectionContext,
} from '../read/selection.ts';
import { refuseStrangers } from './recover/strangers.ts';

/** What a run is to be begun, or gone on, with. */
export interface Start extends SelectionContext {
  readonly flags: RequestFlags & { readonly newRun?: boolean | undefined };
}

/** Decides which run this is and takes its lock, so that no other process can choose at the same time. */
export async function ownRun(start: Start): Promise<OwnedRun> {
  const print = printOf(start);
  const drawn = start.flags.sample === undefined ? null : await drawAhead(start, print);
  await using resources = new AsyncDisposableStack();
  await using _choosing = await choosingLock(start);
  const resume = await choose(start, print);
  const runId = resume?.runId ?? newRunId(new Date());
  const folder = resume?.folder ?? join(start.loaded.stateDir, 'runs', runId);
  const lock = await ownerLock({ folder });
  if (lock === null) throw owned(`Another process is working on run ${runId}.`);
  resources.use(lock);
  if (resume === null) {
    const selection = drawn ?? (await fixSelection(start));
    await create(start, { runId, folder, print, selection });
  } else {
    await requireFillable({ ...start, run: resume });
    await pinIfMoved(start.ledger, start.loaded, resume);
  }
  const run = await begin(start, runId, resume !== null);
  const kept = resources.move();
  return { run, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/**
 * Draws a new run's sample, which reads every key of the source and may take long: whoever starts another run
 * meanwhile is not to wait for it. Null where a run goes on, which has its sample.
 */
async function drawAhead(start: Start, print: Fingerprint): Promise<RunSelection | null> {
  {
    await using _choosing = await choosingLock(start);
    if ((await choose(start, print)) !== null) return null;
  }
  return fixSelection(start);
}

async function choosingLock({ loaded: { stateDir } }: Start): Promise<AsyncDisposable> {
  const choosing = await acquireLock(join(stateDir, 'choosing.lock'), 30_000);
  if (choosing === null) throw owned(`Another process is starting a run in ${stateDir}.`);
  return choosing;
}

function printOf({ loaded, prepared, flags }: Start): Fingerprint {
  const { limit, sample, seed, where, fullRefresh } = flags;
  const chosen = { limit, sample, seed, where, fullRefresh };
  return fingerprint(loaded.pipeline, chosen, prepared.source.fingerprint, prepared.chain.fingerprint);
}

/** @returns the run to go on with; null where one is to begin */
async function choose(start: Start, print: Fingerprint): Promise<RunRecord | null> {
  const { ledger, loaded, prepared, flags, host } = start;
  const { resume } = await chooseRun(ledger, {
    pipeline: loaded.name,
    fingerprint: print,
    newRun: flags.newRun ?? false,
    fullRefresh: flags.fullRefresh ?? false,
    skipsUnchanged: prepared.skipsUnchanged || (await hasWatermark(ledger, loaded)),
    isTable: !prepared.sink.isReplaced,
  });
  if (resume !== null) requireWholeRun(loaded, prepared.sink, resume);
  if (resume === null && flags.newRun !== true) {
    const { batches } = prepared.provider;
    await refuseStrangers({ ledger, batches, pipeline: loaded.name, host }, loaded.path);
  }
  return resume;
}

interface NewRun {
  readonly runId: string;
  readonly folder: string;
  readonly print: Fingerprint;
  readonly selection: RunSelection;
}

async function create({ ledger, loaded, prepared }: Start, run: NewRun): Promise<void> {
  const { runId, folder, print, selection } = run;
  await ledger.createRun({
    runId,
    pipeline: loaded.name,
    kind: 'run',
    fingerprint: print.hash,
    fingerprintParts: print.parts,
    folder,
    target: prepared.sink.target,
    path: loaded.path,
    schema: prepared.schema,
    selection,
    startedAt: Date.now(),
  });
}

async function begin({ ledger, loaded, host }: Start, runId: string, resumed: boolean): Promise<RunRecord> {
  await ledger.setStatus(runId, 'running', Date.now());
  const run = await runOf(ledger, runId);
  const { name: pipeline, stateDir } = loaded;
  host.emit({ type: 'RunStarted', runId, pipeline, resumed, stateDir, window: shownWindow(run) });
  return run;
}

async function runOf(ledger: Ledger, runId: string): Promise<RunRecord> {
  const run = await ledger.run(runId);
  if (run === null) throw new Error(`Run ${runId} is not in the ledger.`);
  return run;
}
