import { writeFile } from 'node:fs/promises';
import { chunkFiles } from '../../src/batch/chunk-files.ts';
import type { ChunkRecord } from '../../src/ledger/ledger.ts';

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
  return {
    runId: 'run-1',
    chunk,
    origin: 'read',
    state: 'downloaded',
    requests: ids.length,
    bytes: Buffer.byteLength(requests),
    tokens: 0,
    sha256: '',
    attempt: 1,
    unexplained: 0,
    fileId: 'file-1',
    batchId: 'batch-1',
    batchStatus: 'completed',
    outputFileId: null,
    errorFileId: null,
    expiresAt: null,
    account: null,
    rowStates: null,
    ok: 0,
    failed: 0,
    cleaned: 0,
    reloads: 0,
    hasFollowed: false,
    followedOk: 0,
    usage: { input: 0, output: 0, cached: 0 },
    ...changes,
  };
}
