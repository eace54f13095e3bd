import { spawnSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { SourceFolder } from './source-folder.ts';

function* largeList(count: number): Generator<string> {
  const body = 'x'.repeat(200);
  for (let id = 0; id < count; id += 1000) {
    const block = Array.from({ length: 1000 }, (_, n) => `{"id":${id + n},"body":"${body}"}`).join(',');
    yield (id === 0 ? '{"pages":[1,[2]],"data":{"items":[' : ',') + block;
  }
  yield '],"next":null}}';
}

test('a list nested in a file far larger than memory is read at constant memory', async () => {
  await using folder = await SourceFolder.create();
  const path = join(folder.path, 'large.json');
  await pipeline(Readable.from(largeList(300_000)), createWriteStream(path));
  const child = spawnSync(
    process.execPath,
    ['--max-old-space-size=32', join(import.meta.dirname, 'json-memory.child.ts'), path],
    { encoding: 'utf8' },
  );
  expect(child.stderr).toBe('');
  expect(child.stdout).toBe('300000\n');
});
