import { execFile } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { fakeServer, sendJson } from '../fake-server.ts';

const lines = 100_000;
const size = 250_000_000;

test('a create of 100,000 requests and 250 MB stays out of memory, and says how long it is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'batchline-create-'));
  const path = join(folder, 'big.jsonl');
  await writeLines(path);
  const received = { bytes: 0, commas: 0, stated: Number.NaN };
  await using server = await fakeServer(async (request, response) => {
    received.stated = Number(request.headers['content-length']);
    for await (const chunk of request as AsyncIterable<Buffer>) {
      received.bytes += chunk.length;
      for (let at = chunk.indexOf(','); at !== -1; at = chunk.indexOf(',', at + 1)) received.commas += 1;
    }
    sendJson(response, { id: 'msgbatch_1', processing_status: 'in_progress' });
  });
  try {
    const child = join(import.meta.dirname, 'create-memory.child.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [child, path, server.url]);
    expect(received).toEqual({ bytes: size + 14, commas: lines - 1, stated: size + 14 });
    expect(Number(stdout)).toBeLessThan(240_000_000);
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** Lines without a comma of their own. */
async function writeLines(path: string): Promise<void> {
  await using file = await open(path, 'w');
  const block = `${JSON.stringify({ params: 'x'.repeat(size / lines - 14) })}\n`.repeat(1000);
  for (let written = 0; written < lines; written += 1000) await file.writeFile(block);
}
