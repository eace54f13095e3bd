import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FilesBelow } from '../../src/files/files-below.ts';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'files-below-'));
});

afterAll(() => rm(folder, { recursive: true }));

test('a file is read once for rows that follow one another, and again when it has changed', async () => {
  const path = join(folder, 'a.png');
  await writeFile(path, 'one');
  const files = new FilesBelow(folder);
  const first = files.read('a.png');
  expect(Buffer.from(first.base64, 'base64').toString()).toBe('one');
  expect(files.read('./a.png')).toBe(first);
  await writeFile(path, 'two');
  await utimes(path, 1, 1);
  expect(Buffer.from(files.read('a.png').base64, 'base64').toString()).toBe('two');
  await rm(path);
  expect(() => files.read('a.png')).toThrow(/there is no file "a\.png"/);
});

test('of many large files those that were read last are kept, and no more than a few', async () => {
  const names = ['1', '2', '3', '4'];
  for (const name of names) await writeFile(join(folder, name), Buffer.alloc(10_000_000));
  const files = new FilesBelow(folder);
  const [first, second] = ['1', '2'].map((name) => files.read(name));
  expect(files.read('1')).toBe(first);
  files.read('3');
  expect(files.read('1')).toBe(first);
  expect(files.read('2')).not.toBe(second);
});
