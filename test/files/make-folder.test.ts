import { mkdtemp, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder } from '../../src/files/make-folder.ts';

const root = await mkdtemp(join(tmpdir(), 'batchline-folders-'));

test('makes what is missing, however many ask at once', async () => {
  const path = join(root, 'a', 'b', 'c');
  await Promise.all([
    makeFolder(path, 0o700),
    makeFolder(path, 0o700),
    makeFolder(join(root, 'a', 'x'), 0o700),
  ]);
  await makeFolder(path, 0o700);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
});

test('fails where a file is in the way', async () => {
  const file = join(root, 'file');
  await writeFile(file, '');
  await expect(makeFolder(file)).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeFolder(join(file, 'below'))).rejects.toThrow(/ENOTDIR/);
});

test.skipIf(process.platform !== 'linux')(
  'fails where no folder can be made, instead of trying for ever',
  async () => {
    await expect(makeFolder('/proc/nope/runs')).rejects.toThrow(/ENOENT/);
  },
);
