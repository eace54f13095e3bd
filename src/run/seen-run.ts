import { join } from 'node:path';
import { exists } from '../files/exists.ts';
import { tryLock } from '../files/file-lock.ts';
import type { LedgerReader, RunRecord } from '../ledger/ledger.ts';

/** A run as one sees it who looks from elsewhere. */
export interface SeenRun {
  /** As the ledger has it, but `interrupted` where it says `running` and no process works on it. */
  readonly run: RunRecord;
  /** When it was interrupted, as far as that is known, in milliseconds since 1970; null where it was not. */
  readonly interruptedAt: number | null;
}

/** A process that dies leaves a run behind that stands as running; its lock died with it. */
export async function seeRun(ledger: LedgerReader, run: RunRecord): Promise<SeenRun> {
  if (run.status === 'interrupted') return { run, interruptedAt: run.endedAt };
  if (run.status !== 'running' || run.kind !== 'run' || (await isOwned(run)))
    return { run, interruptedAt: null };
  // Its owner may have left it well a moment ago.
  const now = (await ledger.run(run.runId)) ?? run;
  if (now.status !== 'running')
    return { run: now, interruptedAt: now.status === 'interrupted' ? now.endedAt : null };
  return { run: { ...now, status: 'interrupted' }, interruptedAt: await lastSign(ledger, now) };
}

async function isOwned({ folder }: RunRecord): Promise<boolean> {
  const path = join(folder, 'owner.lock');
  if (!(await exists(path))) return false;
  try {
    const lock = tryLock(path, 'shared');
    lock?.[Symbol.dispose]();
    return lock === null;
  } catch {
    // Whoever may not open the file cannot tell.
    return true;
  }
}

/** The last that was heard of a run. */
async function lastSign(ledger: LedgerReader, { runId, startedAt }: RunRecord): Promise<number> {
  let at = startedAt;
  for await (const event of ledger.events(runId, 0)) at = Math.max(at, event.at);
  return at;
}
