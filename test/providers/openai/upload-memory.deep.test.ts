import { execFile } from 'node:child_process';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { fakeServer, sendJson } from '../fake-server.ts';

test('an upload of 200 MB stays out of memory', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'batchline-upload-'));
  const path = join(folder, 'big.jsonl');
  await writeFile(path, '');
  await truncate(path, 200_000_000);
  let received = 0;
  await using server = await fakeServer(async (request, response) => {
    for await (const chunk of request) received += (chunk as Buffer).length;
    sendJson(response, { id: 'file-1' });
  });
  try {
    const child = join(import.meta.dirname, 'upload-memory.child.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [child, path, server.url]);
    expect(received).toBeGreaterThan(200_000_000);
    expect(Number(stdout)).toBeLessThan(220_000_000);
  } finally {
    await rm(folder, { recursive: true });
  }
});
