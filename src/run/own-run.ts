import { join } from 'node:path';
import { fingerprintOf, type Fingerprint, type RequestFlags } from '../job/fingerprint.ts';
import type { Reading } from '../job/job.ts';
import type { RunRecord } from '../ledger/ledger.ts';
import type { RunSelection } from '../ledger/selection.ts';
import { fixSelection, hasWatermark } from '../read/selection.ts';
import { chooseRun } from './choose-run.ts';
import { newRun, newRunId } from './new-run.ts';
import { refuseStrangers } from './recover/strangers.ts';
import { choosingLock, ownedError, ownerLock, type OwnedRun } from './run-lock.ts';

/** What a run is chosen by. */
export interface ChoiceFlags extends RequestFlags {
  readonly newRun?: boolean | undefined;
}

interface Choice extends Omit<Reading, 'run'> {
  readonly flags: ChoiceFlags;
}

export interface ChosenRun extends OwnedRun {
  readonly isNew: boolean;
}

/** Decides which run this is and takes its lock, so that no other process can choose at the same time. */
export async function ownRun(choice: Choice): Promise<ChosenRun> {
  const { ledger, loaded, prepared } = choice;
  const print = fingerprintOf(loaded, prepared, choice.flags);
  const drawn = choice.flags.sample === undefined ? null : await drawAhead(choice, print);
  await using resources = new AsyncDisposableStack();
  await using _choosing = await choosingLock(loaded.stateDir);
  const resume = await choose(choice, print);
  const runId = resume?.runId ?? newRunId(new Date());
  const folder = resume?.folder ?? join(loaded.stateDir, 'runs', runId);
  const lock = await ownerLock({ folder });
  if (lock === null) throw ownedError(`Another process is working on run ${runId}.`);
  resources.use(lock);
  if (resume === null) {
    const selection = drawn ?? (await fixSelection(choice));
    await ledger.createRun(newRun(loaded, prepared, { runId, kind: 'run', folder, print, selection }));
  }
  const run = await ledger.run(runId);
  if (run === null) throw new Error(`Run ${runId} is not in the ledger.`);
  const kept = resources.move();
  return { run, isNew: resume === null, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/**
 * Draws a new run's sample, which reads every key of the source and may take long: whoever starts another run
 * meanwhile is not to wait for it. Null where a run goes on, which has its sample.
 */
async function drawAhead(choice: Choice, print: Fingerprint): Promise<RunSelection | null> {
  {
    await using _choosing = await choosingLock(choice.loaded.stateDir);
    if ((await choose(choice, print)) !== null) return null;
  }
  return fixSelection(choice);
}

/** @returns the run to go on with; null where one is to begin */
async function choose(
  { ledger, loaded, prepared, flags, host }: Choice,
  print: Fingerprint,
): Promise<RunRecord | null> {
  const resume = await chooseRun(ledger, {
    pipeline: loaded.name,
    fingerprint: print,
    newRun: flags.newRun ?? false,
    fullRefresh: flags.fullRefresh ?? false,
    skipsUnchanged: prepared.skipsUnchanged || (await hasWatermark(ledger, loaded)),
    isTable: !prepared.sink.isReplaced,
  });
  // A run under way may have been begun with a model that was taken away since.
  if (resume === null)
    await prepared.provider.checkModel?.(loaded.pipeline.request.model, host.signals.drain);
  if (resume === null && flags.newRun !== true) {
    const { batches } = prepared.provider;
    await refuseStrangers({ ledger, batches, pipeline: loaded.name, host }, loaded.path);
  }
  return resume;
}
