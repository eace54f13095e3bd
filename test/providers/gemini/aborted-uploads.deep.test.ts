import { execFile } from 'node:child_process';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { fakeServer, sendJson } from '../fake-server.ts';

test('uploads that are broken off at any moment throw nothing that cannot be caught', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'batchline-upload-'));
  const path = join(folder, 'big.jsonl');
  await writeFile(path, '');
  await truncate(path, 30_000_000);
  await using server = await fakeServer(async (request, response) => {
    if (request.headers['x-goog-upload-command'] === 'start') {
      return sendJson(response, {}, 200, { 'x-goog-upload-url': `http://${request.headers.host}/put` });
    }
    for await (const chunk of request) void chunk;
    return sendJson(response, { file: { name: 'files/1' } });
  });
  try {
    const child = join(import.meta.dirname, 'aborted-uploads.child.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [child, path, new URL(server.url).origin]);
    expect(Number(stdout)).toBeGreaterThan(100);
  } finally {
    await rm(folder, { recursive: true });
  }
});
