import type { LoadedPipeline } from '../config/load.ts';
import type { Host } from '../core/host.ts';
import { fingerprintOf, flagsOf, type RequestFlags } from '../job/fingerprint.ts';
import { prepareEnding } from '../job/ending-parts.ts';
import type { Collection, Execution, Loading, Pass } from '../job/job.ts';
import {
  prepareDelivery,
  prepareLoading,
  preparePipeline,
  type LoadParts,
  type Prepared,
  type PrepareOptions,
} from '../job/parts.ts';
import { requireWholeRun, requireWholeSource } from '../job/whole-source.ts';
import type { Ledger, RunRecord } from '../ledger/ledger.ts';
import { requireFillable } from '../load/fill-target.ts';
import { pinIfMoved, shownWindow } from '../read/selection.ts';
import { changedError } from './choose-run.ts';
import { tellingLate } from './notify/notices.ts';
import { ownRun, type ChoiceFlags } from './own-run.ts';
import { standingOf } from './standing.ts';
import { tellingHost } from './telling-host.ts';

/** What a command opens a run with. */
export interface Opening {
  readonly ledger: Ledger;
  readonly loaded: LoadedPipeline;
  readonly host: Host;
}

/** What is done with a run, and since when, in milliseconds since 1970. */
export type Started<Work extends Loading> = Work & { readonly startedAt: number };

export interface Opened<Work extends Loading> extends AsyncDisposable {
  readonly work: Started<Work>;
}

/** A run that goes on: its parts are open and fit it, and it stands in the ledger as running. */
export interface OpenedRun extends Opened<Collection> {
  /** The same with its source; null where that is not to be read any more. */
  readonly execution: Execution | null;
}

/** Opens the run that flags choose: the unfinished one of the same requests, or a new one. */
export async function openChosenRun(given: Opening, flags: ChoiceFlags, pass: Pass): Promise<OpenedRun> {
  const startedAt = Date.now();
  const opening = telling(given);
  const { loaded, host } = opening;
  await using resources = new AsyncDisposableStack();
  const prepared = resources.use(await preparePipeline(loaded, host, { where: flags.where }));
  await requireReady(loaded, prepared, flags);
  const { run, isNew } = resources.use(await ownRun({ ...opening, prepared, flags }));
  const work = { ...opening, run, prepared, pass, flags, startedAt };
  await takeUp(work, isNew);
  return opened(resources, work, work);
}

/** Opens one run, by the flags that it was started with. The caller holds its lock. */
export async function openKnownRun(given: Opening, run: RunRecord, pass: Pass): Promise<OpenedRun> {
  const startedAt = Date.now();
  const opening = telling(given, run.runId);
  const { loaded, host } = opening;
  const flags = flagsOf(run);
  await using resources = new AsyncDisposableStack();
  if (run.readingFinished) {
    const prepared = resources.use(await prepareDelivery(loaded, run.schema, host));
    await requireReady(loaded, prepared, flags);
    const work = { ...opening, run, prepared, pass, startedAt };
    await takeUp(work, false);
    return opened(resources, work, null);
  }
  const prepared = resources.use(await preparePipeline(loaded, host, { where: flags.where }));
  const print = fingerprintOf(loaded, prepared, flags);
  if (print.hash !== run.fingerprint) throw changedError(run, print);
  await requireReady(loaded, prepared, flags);
  const work = { ...opening, run, prepared, pass, flags, startedAt };
  await takeUp(work, false);
  return opened(resources, work, work);
}

/**
 * Opens a run, or a build, whose answers are at hand. It reaches no provider and leaves the run's status as it is. The
 * caller holds its lock.
 */
export async function openToLoad(given: Opening, run: RunRecord): Promise<Opened<Loading>> {
  const startedAt = Date.now();
  const opening = telling(given, run.runId);
  const { ledger, loaded, host } = opening;
  await using resources = new AsyncDisposableStack();
  const prepared = resources.use(await prepareLoading(loaded, run.schema, host));
  await requireReady(loaded, prepared, flagsOf(run));
  requireWholeRun(loaded, prepared.sink, run);
  // The rows of a run that is loaded again stay where its window says as well.
  if (run.kind === 'build') await pinIfMoved(ledger, loaded, run);
  return opened(resources, { ...opening, run, prepared, startedAt }, null);
}

/**
 * Opens a run that is to be ended, which asks nothing of its rows, since they need not be all, nor of its parts, which may
 * be gone. The caller holds its lock.
 *
 * @param isTriedAgain whether a provider that may come back is an error
 */
export async function openToEnd(
  opening: Opening,
  run: RunRecord,
  pass: Pass,
  isTriedAgain: boolean,
): Promise<Opened<Collection>> {
  const startedAt = Date.now();
  const { loaded, host } = opening;
  const { schema, target } = run;
  await using resources = new AsyncDisposableStack();
  const prepared = resources.use(await prepareEnding(loaded, schema, host, { target, isTriedAgain }));
  return opened(resources, { ...opening, run, prepared, pass, startedAt }, null);
}

/** Opens a pipeline of which no run goes on. */
export async function openPipeline(
  { loaded, host }: Opening,
  options: PrepareOptions = {},
): Promise<Prepared> {
  await using resources = new AsyncDisposableStack();
  const prepared = resources.use(await preparePipeline(loaded, host, options));
  await prepared.rehearse();
  resources.move();
  return prepared;
}

/** The same, but what happens is kept in the ledger: as the run's, or, without one, from where it is said to have started. */
export function telling<Kind extends Opening>(opening: Kind, runId?: string): Kind {
  const { host, ledger, loaded } = opening;
  const told = tellingHost(host, ledger, loaded.redactor, runId);
  return { ...opening, host: tellingLate({ ledger, loaded, host: told }, runId) };
}

/** Sees to it that what is loaded can become the whole target, before anything is chosen, changed or bought. */
async function requireReady(loaded: LoadedPipeline, parts: LoadParts, flags: RequestFlags): Promise<void> {
  requireWholeSource(loaded, parts.sink, flags);
  await parts.rehearse();
}

/** Begins work on a run that is to buy what it lacks, once it is known that this can be brought into the target. */
async function takeUp(collection: Collection, isNew: boolean): Promise<void> {
  const { ledger, run, loaded, prepared, host } = collection;
  const { runId } = run;
  if (!isNew) {
    requireWholeRun(loaded, prepared.sink, run);
    await requireFillable(collection);
    await pinIfMoved(ledger, loaded, run);
    warnOfOtherTarget(collection);
  }
  await ledger.setStatus(runId, 'running', Date.now());
  const { name: pipeline, stateDir } = loaded;
  // What cannot be read on is read from its start, and its rows are then counted anew.
  const readsOn =
    !isNew && (run.readingFinished || !('source' in prepared) || (prepared as Prepared).source.resumable);
  const standing = readsOn ? await standingOf(ledger, run) : undefined;
  const window = shownWindow(run);
  host.emit({ type: 'RunStarted', runId, pipeline, resumed: !isNew, stateDir, window, standing });
}

/** Only `run` does not take the target that a run was begun with: its flags are to say what it does. */
function warnOfOtherTarget({ run, loaded, host }: Collection): void {
  const { target } = run.selection;
  if (target === undefined || target === loaded.target) return;
  const now = loaded.target === undefined ? 'without it' : `with --target ${loaded.target}`;
  const message = `Run ${run.runId} was begun with --target ${target} and goes on ${now}.`;
  host.emit({ type: 'Warned', message });
}

function opened<Work, Source>(resources: AsyncDisposableStack, work: Work, execution: Source) {
  const kept = resources.move();
  return { work, execution, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
