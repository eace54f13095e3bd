import { execFile } from 'node:child_process';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { fakeServer, sendJson } from '../fake-server.ts';

const bytes = 1_900_000_000;

test('an upload of 1.9 GB stays out of memory', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'batchline-upload-'));
  const path = join(folder, 'big.jsonl');
  await writeFile(path, '');
  // Of the disk it takes nothing.
  await truncate(path, bytes);
  let received = 0;
  await using server = await fakeServer(async (request, response) => {
    if (request.headers['x-goog-upload-command'] === 'start') {
      return sendJson(response, {}, 200, { 'x-goog-upload-url': `http://${request.headers.host}/put` });
    }
    for await (const chunk of request) received += (chunk as Buffer).length;
    return sendJson(response, { file: { name: 'files/1' } });
  });
  try {
    const child = join(import.meta.dirname, 'upload-memory.child.ts');
    const { origin } = new URL(server.url);
    const { stdout } = await promisify(execFile)(process.execPath, [child, path, origin]);
    expect(received).toBe(bytes);
    expect(Number(stdout)).toBeLessThan(300_000_000);
  } finally {
    await rm(folder, { recursive: true });
  }
});
