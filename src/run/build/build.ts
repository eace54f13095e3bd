import { readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DurableWriter } from '../../files/durable-writer.ts';
import { exists } from '../../files/exists.ts';
import { chunkFiles } from '../../batch/chunk-files.ts';
import { dialectOf } from '../../config/dialect-of.ts';
import type { LoadedPipeline } from '../../config/load.ts';
import { BatchlineError } from '../../core/errors.ts';
import { type NewChunk, type RunRecord, type SourceSchema } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import type { Host } from '../../core/host.ts';
import type { RequestFlags } from '../../job/fingerprint.ts';
import { chunkLimits } from '../../job/settings.ts';
import { readPatiently } from '../../read/read-run.ts';
import { checkSample } from '../../read/sample-rules.ts';
import { openPipeline, telling } from '../open-run.ts';
import { summarize, type RunSummary } from '../summary.ts';
import { beginBuild } from './begin-build.ts';
import { makeFolder } from '../../files/make-folder.ts';

/** What `manifest.json` of a build says. */
export interface Manifest {
  readonly build: string;
  readonly pipeline: string;
  readonly endpoint: string;
  readonly model: string;
  readonly schema: SourceSchema;
  readonly files: readonly NewChunk[];
}

export interface BuildResult {
  readonly summary: RunSummary;
  readonly folder: string;
  readonly files: readonly string[];
}

const manifestName = 'manifest.json';

/** Writes a pipeline's batch files into a folder, for a hand upload, and stops. Sends nothing. */
export async function buildPipeline(
  loaded: LoadedPipeline,
  out: string,
  flags: RequestFlags,
  host: Host,
): Promise<BuildResult> {
  checkSample(loaded, flags);
  const startedAt = Date.now();
  const folder = resolve(out);
  await using ledger = await openLedger(loaded.stateDir);
  const opening = { ledger, loaded, host };
  await using prepared = await openPipeline(opening, { where: flags.where, offline: true });
  await makeBuildFolder(folder);
  const run = await beginBuild({ ...opening, prepared, flags }, folder);
  try {
    const limits = chunkLimits(loaded.pipeline, prepared.provider.batches.limits);
    await readPatiently({ ...telling(opening, run.runId), run, prepared, flags }, limits, () =>
      Promise.resolve(),
    );
    await writeManifest(loaded, run, await ledger.chunks(run.runId));
  } catch (error) {
    await ledger.setStatus(run.runId, host.signals.abort.aborted ? 'interrupted' : 'failed', Date.now());
    throw error;
  }
  const chunks = await ledger.chunks(run.runId);
  await ledger.addWorkedMs(run.runId, Date.now() - startedAt);
  await ledger.setStatus(run.runId, chunks.length === 0 ? 'completed' : 'waiting', Date.now());
  const built = await ledger.run(run.runId);
  return {
    summary: await summarize(ledger, built ?? run),
    folder,
    files: chunks.map(({ chunk }) => chunkFiles(folder, chunk).requests),
  };
}

/** A folder that holds a finished build is left alone: its results may be on their way. */
async function makeBuildFolder(folder: string): Promise<void> {
  if (await exists(join(folder, manifestName))) {
    throw new BatchlineError('build_exists', 'The folder holds a build already.', {
      where: folder,
      hint: 'Name another folder with --out, or delete this one if its results are no longer awaited.',
      exitCode: 2,
    });
  }
  await clearBrokenOff(folder);
  await makeFolder(folder, 0o700).catch((error: unknown) => {
    throw new BatchlineError('folder_unwritable', 'The folder cannot be made.', {
      where: folder,
      hint: 'Name a folder with --out that this user may write.',
      exitCode: 2,
      cause: error,
    });
  });
}

/** What a build that was broken off left behind must not be uploaded together with the new files. */
async function clearBrokenOff(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const stale = names.filter((name) =>
    /^((requests|rows)-\d{5,}\.jsonl(\.partial)?|followers\.jsonl)$/.test(name),
  );
  for (const name of stale) await rm(join(folder, name));
}

async function writeManifest(
  loaded: LoadedPipeline,
  run: RunRecord,
  chunks: readonly NewChunk[],
): Promise<void> {
  const manifest: Manifest = {
    build: run.runId,
    pipeline: loaded.name,
    endpoint: dialectOf(loaded.pipeline).path(loaded.pipeline.request),
    model: loaded.pipeline.request.model,
    schema: run.schema,
    files: chunks.map(({ chunk, requests, bytes, tokens, sha256 }) => ({
      chunk,
      requests,
      bytes,
      tokens,
      sha256,
    })),
  };
  await using file = await DurableWriter.create(join(run.folder, manifestName));
  await file.append(Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
  await file.finish();
}
