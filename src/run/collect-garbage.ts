import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { LoadedPipeline } from '../config/load.ts';
import { type BatchSide, hasEnded, type Leftover } from '../core/batch-side.ts';
import type { OpenedProvider } from '../core/provider.ts';
import { isEnded, type Ledger, type RunRecord } from '../ledger/ledger.ts';
import { ownerLock } from './run-lock.ts';
import type { Host } from '../core/host.ts';
import { askProvider } from '../job/ask-provider.ts';
import { openProvider } from '../job/open-parts.ts';

export interface GarbageOptions {
  readonly ledger: Ledger;
  readonly host: Host;
  /** Runs that ended, and uploads that were made, before then; milliseconds since 1970. */
  readonly before: number;
}

/** Runs that ended long enough ago. A build's folder is the user's own. */
export function isGarbage(run: RunRecord, before: number): boolean {
  const { kind, endedAt } = run;
  return kind === 'run' && isEnded(run) && endedAt !== null && endedAt < before;
}

/**
 * Deletes from the provider of one pipeline what its ended runs left there: inputs and results, and uploads that no
 * batch uses any more. Nothing of an unfinished run is touched, of whatever ledger.
 *
 * @returns how many files were deleted
 */
export async function collectRemote(
  { ledger, host, before }: GarbageOptions,
  loaded: LoadedPipeline,
  runs: readonly RunRecord[],
): Promise<number> {
  await using use = await openProvider(loaded, host, false);
  const { provider } = use;
  const { leftovers } = provider.batches;
  if (leftovers === undefined) return 0;
  const remove = (id: string): Promise<void> =>
    askProvider(host, `deletion of file ${id}`, () => leftovers.delete(id, host.signals.drain));
  let deleted = 0;
  for (const run of runs) deleted += await deletePartsOf(ledger, run, provider, remove);
  const found = await oldLeftovers(ledger, leftovers.list(host.signals.drain), before);
  const orphans = await unused(provider.batches, found, host);
  for (const id of orphans) await remove(id);
  return deleted + orphans.length;
}

async function deletePartsOf(
  ledger: Ledger,
  { runId }: RunRecord,
  { account }: OpenedProvider,
  remove: (id: string) => Promise<void>,
): Promise<number> {
  let deleted = 0;
  for (const chunk of await ledger.chunks(runId)) {
    const results = chunk.results.map(({ id }) => id);
    const ids = chunk.stored === null ? results : [chunk.stored, ...results];
    // What is another account's cannot be deleted with this key.
    if (ids.length === 0 || chunk.account !== account) continue;
    for (const id of ids) await remove(id);
    await ledger.forgetRemote(runId, chunk.chunk);
    deleted += ids.length;
  }
  return deleted;
}

/** What is old and belongs to no unfinished run of this ledger. */
async function oldLeftovers(
  ledger: Ledger,
  leftovers: AsyncIterable<Leftover>,
  before: number,
): Promise<ReadonlySet<string>> {
  const old = new Set<string>();
  for await (const { id, run: runId, createdAt } of leftovers) {
    if (createdAt === null || createdAt >= before) continue;
    const run = await ledger.run(runId);
    if (run === null || isGarbage(run, before)) old.add(id);
  }
  return old;
}

/** Those that are no unfinished batch's input: another ledger may be waiting for that. */
async function unused(
  batches: BatchSide,
  found: ReadonlySet<string>,
  host: Host,
): Promise<readonly string[]> {
  if (found.size === 0) return [];
  const ids = new Set(found);
  for await (const { input, status } of batches.list(host.signals.drain))
    if (!hasEnded(status) && input !== null) ids.delete(input);
  return [...ids];
}

/** Deletes a run's folder, unless somebody is at work on it. @returns whether it did */
export async function collectLocal(stateDir: string, run: RunRecord): Promise<boolean> {
  if (resolve(run.folder) !== resolve(join(stateDir, 'runs', run.runId))) return false;
  await using lock = await ownerLock(run);
  if (lock === null) return false;
  await rm(run.folder, { recursive: true, force: true });
  return true;
}
