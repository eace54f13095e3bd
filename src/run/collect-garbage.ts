import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { LoadedPipeline } from '../config/load.ts';
import { retry, providerRetry } from '../core/retry.ts';
import type { OpenedProvider } from '../core/provider.ts';
import { endedStatuses, type Ledger, type RunRecord } from '../ledger/ledger.ts';
import { ownerLock } from './run-lock.ts';
import type { Host } from '../core/host.ts';
import { openProvider } from '../job/open-parts.ts';

export interface GarbageOptions {
  readonly ledger: Ledger;
  readonly host: Host;
  /** Runs that ended, and uploads that were made, before then; milliseconds since 1970. */
  readonly before: number;
}

/** Uploads are named `batchline-<run>-<chunk>-<sha12>.jsonl`. */
const uploadName = /^batchline-(\d{8}-\d{6}-[0-9a-f]{6})-\d+-[0-9a-f]{12}\.jsonl$/;

/** Runs that ended long enough ago. A build's folder is the user's own. */
export function isGarbage(run: RunRecord, before: number): boolean {
  const { kind, status, endedAt } = run;
  return kind === 'run' && endedStatuses.has(status) && endedAt !== null && endedAt < before;
}

/**
 * Deletes from the provider of one pipeline what its ended runs left there: input, output and error files, and uploads
 * that no batch uses any more. Nothing of an unfinished run is touched, of whatever ledger.
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
  let deleted = 0;
  for (const run of runs) deleted += await deleteFilesOf(ledger, run, provider, host);
  const orphans = await findOrphans(ledger, provider, host, before);
  for (const id of orphans) await remove(provider, id, host);
  return deleted + orphans.length;
}

async function deleteFilesOf(
  ledger: Ledger,
  { runId }: RunRecord,
  provider: OpenedProvider,
  host: Host,
): Promise<number> {
  let deleted = 0;
  for (const chunk of await ledger.chunks(runId)) {
    const ids = [chunk.fileId, chunk.outputFileId, chunk.errorFileId].filter((id) => id !== null);
    // Files of another account cannot be deleted with this key.
    if (ids.length === 0 || chunk.account !== provider.accountFingerprint) continue;
    for (const id of ids) await remove(provider, id, host);
    await ledger.moveChunk(runId, chunk.chunk, chunk.state, {
      fileId: null,
      outputFileId: null,
      errorFileId: null,
    });
    deleted += ids.length;
  }
  return deleted;
}

/** Uploads of ours that are old, belong to no unfinished run of this ledger, and are no unfinished batch's input. */
async function findOrphans(
  ledger: Ledger,
  provider: OpenedProvider,
  host: Host,
  before: number,
): Promise<readonly string[]> {
  const orphans = new Set<string>();
  for await (const { id, name, createdAt } of provider.listFiles(host.signals.drain)) {
    const runId = uploadName.exec(name)?.[1];
    if (runId === undefined || createdAt === null || createdAt >= before) continue;
    const run = await ledger.run(runId);
    if (run === null || isGarbage(run, before)) orphans.add(id);
  }
  if (orphans.size === 0) return [];
  for await (const { inputFileId, status } of provider.listBatches(host.signals.drain)) {
    const isUsed = !['completed', 'failed', 'expired', 'cancelled'].includes(status);
    if (isUsed && inputFileId !== null) orphans.delete(inputFileId);
  }
  return [...orphans];
}

async function remove(provider: OpenedProvider, id: string, { signals }: Host): Promise<void> {
  await retry({ ...providerRetry, signal: signals.drain }, () => provider.deleteFile(id, signals.drain));
}

/** Deletes a run's folder, unless somebody is at work on it. @returns whether it did */
export async function collectLocal(stateDir: string, run: RunRecord): Promise<boolean> {
  if (resolve(run.folder) !== resolve(join(stateDir, 'runs', run.runId))) return false;
  await using lock = await ownerLock(run);
  if (lock === null) return false;
  await rm(run.folder, { recursive: true, force: true });
  return true;
}
