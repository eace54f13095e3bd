import { join } from 'node:path';
import { fingerprintOf, type Fingerprint, type RequestFlags } from '../job/fingerprint.ts';
import type { Reading } from '../job/job.ts';
import type { RunRecord } from '../ledger/ledger.ts';
import type { RunSelection } from '../ledger/selection.ts';
import { fixSelection, hasWatermark } from '../read/selection.ts';
import { chooseRun } from './choose-run.ts';
import { newRun, newRunId } from './new-run.ts';
import { passBy, refuseStrangers } from './recover/refuse-strangers.ts';
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
  const ahead = await lookAhead(choice, print);
  await using resources = new AsyncDisposableStack();
  await using _choosing = await choosingLock(loaded.stateDir);
  const resume = await choose(choice, print);
  const runId = resume?.runId ?? newRunId(new Date());
  const folder = resume?.folder ?? join(loaded.stateDir, 'runs', runId);
  const lock = await ownerLock({ folder });
  if (lock === null) throw ownedError(`Another process is working on run ${runId}.`);
  resources.use(lock);
  if (resume === null) {
    const selection = { ...(ahead?.drawn ?? (await fixSelection(choice))), passedBy: ahead?.passedBy };
    await ledger.createRun(newRun(loaded, prepared, { runId, kind: 'run', folder, print, selection }));
  }
  const run = await ledger.run(runId);
  if (run === null) throw new Error(`Run ${runId} is not in the ledger.`);
  const kept = resources.move();
  return { run, isNew: resume === null, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

interface LookedAhead {
  /** Null where nothing takes long to be drawn. */
  readonly drawn: RunSelection | null;
  readonly passedBy: readonly string[] | undefined;
}

/**
 * Does for a new run what may take long, so that whoever starts another run meanwhile does not wait for it: draws its
 * sample, which reads every key of the source, and looks for what was paid for before. Null where a run goes on.
 */
async function lookAhead(choice: Choice, print: Fingerprint): Promise<LookedAhead | null> {
  const { flags, host, loaded, prepared } = choice;
  {
    await using _choosing = await choosingLock(loaded.stateDir);
    if ((await choose(choice, print)) !== null) return null;
  }
  // A run under way may have been begun with a model that was taken away since.
  await prepared.provider.checkModel?.(loaded.pipeline.request.model, host.signals.drain);
  const drawn = flags.sample === undefined ? null : await fixSelection(choice);
  if (flags.newRun === true) {
    const passedBy = await passBy(choice);
    return { drawn, passedBy: passedBy.length === 0 ? undefined : passedBy };
  }
  await refuseStrangers(choice, async () => drawn ?? fixSelection(choice));
  return { drawn, passedBy: undefined };
}

/** @returns the run to go on with; null where one is to begin */
async function choose(
  { ledger, loaded, prepared, flags }: Choice,
  print: Fingerprint,
): Promise<RunRecord | null> {
  return chooseRun(ledger, {
    pipeline: loaded.name,
    fingerprint: print,
    newRun: flags.newRun ?? false,
    fullRefresh: flags.fullRefresh ?? false,
    skipsUnchanged: prepared.skipsUnchanged || (await hasWatermark(ledger, loaded)),
    isTable: !prepared.sink.isReplaced,
  });
}
