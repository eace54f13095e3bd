import { join } from 'node:path';
import { dialectOf } from '../../config/dialect-of.ts';
import type { LoadedPipeline } from '../../config/load.ts';
import { hasEnded, type RemoteBatch } from '../../core/batch-side.ts';
import type { AdoptedChunk } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { AdoptedIds } from './adopted-ids.ts';
import { adoptBatch, chunksOf, downloadInput, type Download } from './adopt-batches.ts';
import type { Host } from '../../core/host.ts';
import { fingerprintOf } from '../../job/fingerprint.ts';
import { wholePass } from '../../job/job.ts';
import type { Prepared } from '../../job/parts.ts';
import { requireWholeRun } from '../../job/whole-source.ts';
import { continueRun, isContinuable } from '../continue-run.ts';
import type { RunResult } from '../finish-run.ts';
import { newRun, newRunId } from '../new-run.ts';
import { noticing } from '../notify/notices.ts';
import { openPipeline, type Opening, telling } from '../open-run.ts';
import { own } from '../run-lock.ts';
import { recoverRows } from './recovered-rows.ts';
import { findNeeded, handPicked, type Finds } from './finds.ts';
import { settleByHand } from './settle-by-hand.ts';
import type { LabelledBatch } from './strangers.ts';

export interface RecoverFlags {
  /** The batches to adopt, by their ids; none: those that are found to be the pipeline's. */
  readonly batches: readonly string[];
  readonly noWait: boolean;
}

export interface Recovery {
  readonly results: readonly RunResult[];
  /** Batches of which it is not known what they are for. */
  readonly leftAlone: number;
  /** Batches that were given to files of which it was in doubt whether theirs had been created. */
  readonly settled: number;
}

/**
 * Adopts the provider's batches of a pipeline whose state folder was lost, as far as it still needs them, makes a run of each run that their
 * metadata names, the oldest first, and brings their answers home; also those of runs that an earlier process adopted.
 */
export async function recoverRuns(
  loaded: LoadedPipeline,
  flags: RecoverFlags,
  host: Host,
): Promise<Recovery> {
  return noticing({ loaded, host }, null, () => recover(loaded, flags, host));
}

async function recover(loaded: LoadedPipeline, flags: RecoverFlags, host: Host): Promise<Recovery> {
  await using ledger = await openLedger(loaded.stateDir);
  const opening = { ledger, loaded, host };
  const { leftAlone, settled } = await adoptAll(opening, flags.batches);
  const results: RunResult[] = [];
  // The oldest first, so that newer answers overwrite older ones.
  for (const run of (await ledger.runs(loaded.name)).toReversed()) {
    if (!isContinuable(run) || !run.readingFinished || run.cancelRequested) continue;
    await using owned = await own(ledger, run);
    const pass = { ...wholePass, waits: !flags.noWait };
    results.push(await continueRun({ ...opening, pass, flags: {} }, owned.run));
  }
  return { results, leftAlone, settled };
}

async function adoptAll(
  opening: Opening,
  chosen: readonly string[],
): Promise<Pick<Recovery, 'leftAlone' | 'settled'>> {
  await using prepared = await openPipeline(opening);
  const look = { ...opening, prepared, flags: {} };
  const others = await settleByHand(look, chosen);
  const settled = new Set(chosen).size - others.length;
  await using finds = chosen.length > 0 ? await handPicked(look, others) : await findNeeded(look);
  const runs = Map.groupBy(finds.batches, ({ label }) => label.run);
  let leftAlone = 0;
  for (const [runId, batches] of [...runs].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    if (safeRunId.test(runId))
      leftAlone += await adoptRun({ ...telling(opening, runId), prepared, finds }, runId, batches);
  return { leftAlone, settled };
}

interface AdoptContext extends Opening {
  readonly prepared: Prepared;
  readonly finds: Finds;
}

const safeRunId = /^[0-9A-Za-z-]{1,64}$/;

/**
 * Writes the files of a run first and its ledger entry last, in one transaction: until then nothing is adopted.
 *
 * @returns how many of its batches were left alone
 */
async function adoptRun(
  { ledger, loaded, prepared, host, finds }: AdoptContext,
  namedRun: string,
  batches: readonly LabelledBatch[],
): Promise<number> {
  const { provider, sink } = prepared;
  // The ledger may know the run and not these batches of it, where it is an older copy of itself.
  const runId = (await ledger.run(namedRun)) === null ? namedRun : newRunId(new Date());
  const lines = prepared.requestLines;
  const folder = join(loaded.stateDir, 'runs', runId);
  const selection = { isAdopted: true };
  requireWholeRun(loaded, sink, { runId, selection });
  await using ids = await AdoptedIds.open(folder);
  const context = { provider, folder, host, ids, lines };
  const downloads: Download[] = [];
  const wanted = chunksOf(batches);
  for (const batch of wanted) {
    const download = await downloadInput(context, batch);
    if (download === null) tellUnknown(host, batch);
    else downloads.push(download);
  }
  const leftAlone = wanted.length - downloads.length;
  const path = dialectOf(loaded.pipeline).path(loaded.pipeline.request);
  const rowsLine = await recoverRows({ prepared, lines, path, host }, ids);
  const chunks: AdoptedChunk[] = [];
  let lost = 0;
  for (const download of downloads) {
    const adoption = await adoptBatch(context, download, rowsLine, finds.wantedOf(download.batch));
    if (adoption.adopted !== null) chunks.push(adoption.adopted);
    lost += adoption.lost;
  }
  if (lost > 0) tellLost(host, runId, lost);
  if (chunks.length === 0) return leftAlone;
  const print = fingerprintOf(loaded, prepared, {});
  await ledger.adoptRun(newRun(loaded, prepared, { runId, kind: 'run', folder, print, selection }), chunks);
  return leftAlone;
}

function tellUnknown(host: Host, { id, status, input, results }: RemoteBatch): void {
  const answers = results.find(({ holds }) => holds !== 'errors');
  const output = answers === undefined ? '' : ` Its answers are in ${answers.id}.`;
  const why =
    input !== null
      ? `The provider no longer has the input file of batch ${id}`
      : hasEnded(status)
        ? `The provider tells neither requests nor answers of batch ${id}`
        : `Batch ${id} has not ended, and its answers alone tell what it holds`;
  const message = `${why}, so its rows are not known; it is left alone.${output}`;
  host.emit({ type: 'Warned', message });
}

function tellLost(host: Host, runId: string, lost: number): void {
  const message = `${lost} requests of run ${runId} belong to rows that the source no longer holds; their answers cannot be loaded.`;
  host.emit({ type: 'Warned', message });
}
