import { writeFile } from 'node:fs/promises';
import { chunkFiles } from '../../src/batch/chunk-files.ts';
import type { ChunkRecord } from '../../src/ledger/ledger.ts';
import { noCost } from '../../src/ledger/cost.ts';

/** The request line of a row, without its line feed. */
export function requestLine(id: string): string {
  const body = { messages: [{ role: 'user', content: `request of ${id}` }] };
  return JSON.stringify({ custom_id: id, method: 'POST', url: '/v1/chat/completions', body });
}

/** Writes the files of a chunk whose rows have these ids. */
export async function storedChunk(
  folder: string,
  ids: readonly string[],
  changes: Partial<ChunkRecord> = {},
): Promise<ChunkRecord> {
  const { chunk = 1 } = changes;
  const files = chunkFiles(folder, chunk);
  const requests = ids.map((id) => `${requestLine(id)}\n`).join('');
  await writeFile(files.requests, requests);
  await writeFile(
    files.rows,
    ids.map((id) => `${JSON.stringify([id, [`key ${id}`], {}, `hash ${id}`])}\n`).join(''),
  );
  return chunkRecord({
    requests: ids.length,
    bytes: Buffer.byteLength(requests),
    ...changes,
  });
}

/** A chunk whose results were downloaded, but for what is given. */
export function chunkRecord(changes: Partial<ChunkRecord> = {}): ChunkRecord {
  return {
    runId: 'run-1',
    chunk: 1,
    origin: 'read',
    state: 'downloaded',
    epoch: 0,
    requests: 1,
    bytes: 0,
    tokens: 0,
    sha256: '',
    attempt: 1,
    unexplained: 0,
    stored: 'file-1',
    batchId: 'batch-1',
    batchStatus: 'completed',
    results: [],
    expiresAt: null,
    account: null,
    intendedAt: null,
    reported: null,
    lane: 'batch',
    inDoubt: 0,
    cancelledAt: null,
    unread: null,
    rowStates: null,
    ok: 0,
    failed: 0,
    cleaned: 0,
    reloads: 0,
    hasFollowed: false,
    followedOk: 0,
    usage: { input: 0, output: 0, cached: 0 },
    cost: noCost,
    ...changes,
  };
}
