import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip, constants } from 'node:zlib';
import { exists } from '../files/exists.ts';
import { diskFault } from '../files/disk.ts';
import { renameDurably } from '../files/durable-file.ts';
import { chunkFiles } from './chunk-files.ts';
import { followersPath } from './follower-file.ts';
import type { FailedRow } from '../ledger/ledger.ts';

export type KeepFiles = 'loaded' | 'failed' | 'all';

/**
 * Tidies up after a chunk whose rows are all loaded or recorded as failed (contract section 7): requests go, since
 * they can be rendered again; the output stays, compressed, since it was paid for.
 */
export async function tidyChunk(
  folder: string,
  chunk: number,
  keep: KeepFiles,
  failures: ChunkFailures,
): Promise<void> {
  if (keep === 'all') return;
  const files = chunkFiles(folder, chunk);
  await rm(files.requests, { force: true });
  for (const path of [files.output, files.errors]) {
    if (keep === 'failed' && !failures.unloaded) await remove(path);
    else if (await exists(path)) await compress(path);
  }
  if (keep === 'failed' && !failures.any) await rm(files.rows, { force: true });
}

/** The lines of rows that took another's answer stay for as long as a rows file does. */
export async function tidyFollowers(folder: string, keep: KeepFiles, anyFailed: boolean): Promise<void> {
  if (keep === 'failed' && !anyFailed) await rm(followersPath(folder), { force: true });
}

/** Which of a chunk's rows failed, and so which of its files `retry` needs. */
export interface ChunkFailures {
  readonly any: boolean;
  /** Whether an answer that was paid for waits to be loaded again. */
  readonly unloaded: boolean;
}

export function failuresOf(rows: readonly Pick<FailedRow, 'stage'>[]): ChunkFailures {
  return { any: rows.length > 0, unloaded: rows.some(({ stage }) => stage === 'load') };
}

/** A file that others still needed was compressed meanwhile. */
async function remove(path: string): Promise<void> {
  for (const name of [path, `${path}.gz`]) await rm(name, { force: true });
}

async function compress(path: string): Promise<void> {
  const partial = `${path}.gz.partial`;
  // The lowest level: results are kept for a rainy day, and the processor has better things to do.
  const gzip = createGzip({ level: constants.Z_BEST_SPEED });
  try {
    await pipeline(createReadStream(path), gzip, createWriteStream(partial, { mode: 0o600, flush: true }));
    await renameDurably(partial, `${path}.gz`);
  } catch (error) {
    await rm(partial, { force: true });
    throw diskFault(error, partial) ?? error;
  }
  await rm(path);
}
