import { join } from 'node:path';
import { BatchlineError } from '../core/errors.ts';
import { acquireLock } from '../files/exclusive-lock.ts';
import type { Ledger, RunRecord } from '../ledger/ledger.ts';
import { makeFolder } from '../files/make-folder.ts';

/** Whoever only looks whether a run is owned holds its lock for a moment. */
const glanceMs = 200;

/** A run that this process owns, as it is now. */
export interface OwnedRun extends AsyncDisposable {
  readonly run: RunRecord;
}

/** Takes a run's lock. @throws BatchlineError `run_is_owned` */
export async function own(ledger: Ledger, { runId, folder }: RunRecord): Promise<OwnedRun> {
  const lock = await ownerLock({ folder });
  if (lock === null) throw ownedError(`Another process is working on run ${runId}.`);
  const run = await ledger.run(runId);
  if (run === null) throw new Error(`Run ${runId} is not in the ledger.`);
  return { run, [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose]() };
}

/** What the process that works on a run holds for as long as it does; null where another one holds it. */
export async function ownerLock({ folder }: Pick<RunRecord, 'folder'>): Promise<AsyncDisposable | null> {
  await makeFolder(folder, 0o700);
  return acquireLock(join(folder, 'owner.lock'), glanceMs);
}

/** What the process holds that decides which run it works on. @throws BatchlineError `run_is_owned` */
export async function choosingLock(stateDir: string): Promise<AsyncDisposable> {
  const lock = await acquireLock(join(stateDir, 'choosing.lock'), 30_000);
  if (lock === null) throw ownedError(`Another process is starting a run in ${stateDir}.`);
  return lock;
}

export function ownedError(message: string): BatchlineError {
  return new BatchlineError('run_is_owned', message, {
    hint: 'Wait until it has ended; `pipeline status` shows how far it is.',
    exitCode: 4,
  });
}
