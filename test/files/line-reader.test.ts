import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { assert, asyncProperty, array, integer, string, constantFrom, tuple } from 'fast-check';
import { expect, test } from 'vitest';
import { readLineBlocks, readLines } from '../../src/files/line-reader.ts';

const folder = await mkdtemp(join(tmpdir(), 'batchline-lines-'));
const { signal } = new AbortController();
let files = 0;

interface Line {
  readonly text: string;
  readonly number: number;
  readonly offset: number;
}

async function linesOf(content: Buffer | string, blockBytes?: number, suffix = ''): Promise<readonly Line[]> {
  files += 1;
  const path = join(folder, `${files}.jsonl${suffix}`);
  await writeFile(path, content);
  const lines: Line[] = [];
  for await (const block of readLineBlocks(
    path,
    blockBytes === undefined ? { signal } : { signal, blockBytes },
  )) {
    for (let line = 0; line < block.count; line += 1) {
      const start = block.starts[line] ?? 0;
      const text = block.buffer.toString('utf8', start, block.ends[line]);
      lines.push({ text, number: block.numbers[line] ?? 0, offset: block.offset + start });
    }
  }
  return lines;
}

test('splits on line feeds alone', async () => {
  const lines = await linesOf('{"a":"x\u2028y\u2029z\u0085"}\r\n\n  \n{"b":1}\n\r\nlast');
  expect(lines.map(({ text }) => text)).toEqual(['{"a":"x\u2028y\u2029z\u0085"}', '{"b":1}', 'last']);
  expect(lines.map(({ number }) => number)).toEqual([1, 4, 6]);
});

test('passes over a byte order mark and takes empty files', async () => {
  expect((await linesOf('\uFEFF{"a":1}\n'))[0]).toEqual({ text: '{"a":1}', number: 1, offset: 3 });
  expect(await linesOf('')).toEqual([]);
  expect(await linesOf('\n\r\n')).toEqual([]);
});

test('gives back any lines, whatever the size of its blocks', async () => {
  const line = string({ unit: constantFrom('a', 'é', '😀', '\u2028', '"'), minLength: 1, maxLength: 40 });
  const file = array(tuple(line, constantFrom('\n', '\r\n', '\n\n')), { maxLength: 30 });
  await assert(
    asyncProperty(file, integer({ min: 1, max: 64 }), async (parts, blockBytes) => {
      const content = Buffer.from(parts.flat().join(''));
      const lines = await linesOf(content, blockBytes);
      expect(lines.map(({ text }) => text)).toEqual(parts.map(([text]) => text));
      for (const { text, number, offset } of lines) {
        expect(content.toString('utf8', offset, offset + Buffer.byteLength(text))).toBe(text);
        expect(content.toString('utf8', 0, offset).split('\n')).toHaveLength(number);
      }
    }),
    { numRuns: 60 },
  );
});

test('joins a line of 80 MB once', async () => {
  const long = Buffer.alloc(80_000_000, 97);
  const began = process.cpuUsage();
  const lines = await linesOf(Buffer.concat([Buffer.from('x\n'), long, Buffer.from('\ny')]));
  expect(lines.map(({ text }) => text.length)).toEqual([1, 80_000_000, 1]);
  // Of the processor, since others may use it too.
  expect(process.cpuUsage(began).user / 1000).toBeLessThan(10_000);
});

test('unpacks gzip, also of several members', async () => {
  const content = Buffer.concat([gzipSync('{"a":1}\n{"b"'), gzipSync(':2}\n')]);
  expect((await linesOf(content, 8, '.gz')).map(({ text }) => text)).toEqual(['{"a":1}', '{"b":2}']);
});

test('names a file that is missing or cut', async () => {
  const missing = readLineBlocks(join(folder, 'none'), { signal }).next();
  await expect(missing).rejects.toMatchObject({
    code: 'results_unreadable',
    message: expect.stringContaining('no such file'),
  });
  const cut = gzipSync(Buffer.alloc(100_000, 'abc\n')).subarray(0, 100);
  await expect(linesOf(cut, 64, '.gz')).rejects.toMatchObject({
    code: 'results_unreadable',
    hint: expect.stringContaining('gzip'),
  });
});

test('stops when it is told to', async () => {
  const path = join(folder, 'long');
  await writeFile(path, 'a\n'.repeat(1000));
  const controller = new AbortController();
  const blocks = readLineBlocks(path, { signal: controller.signal, blockBytes: 16 });
  await blocks.next();
  controller.abort(new Error('stop now'));
  await expect(blocks.next()).rejects.toThrow('stop now');
});

test('gives back lines as they are, with their numbers, and the last without an end', async () => {
  const path = join(folder, 'own.gz');
  const texts = Array.from({ length: 3000 }, (_, line) => `${line}\u2028 \r`.repeat(line % 40));
  texts[1000] = 'a'.repeat(1_000_000);
  texts.push('last');
  await writeFile(path, texts.join('\n'));
  const found: string[] = [];
  for await (const { lines, first } of readLines(path, signal)) {
    expect(first).toBe(found.length);
    found.push(...lines.map((line) => line.toString()));
  }
  expect(found).toEqual(texts);
});
