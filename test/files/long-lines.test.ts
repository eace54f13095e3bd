import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readLineBlocks, type LineReaderOptions } from '../../src/files/line-reader.ts';

interface ReadLine {
  readonly text: string;
  readonly number: number;
  readonly at: number;
  readonly cutFrom: number | null;
}

async function linesOf(content: string, options: Omit<LineReaderOptions, 'signal'>): Promise<ReadLine[]> {
  const folder = await mkdtemp(join(tmpdir(), 'batchline-lines-'));
  try {
    const path = join(folder, 'results.jsonl');
    await writeFile(path, content);
    const lines: ReadLine[] = [];
    const { signal } = new AbortController();
    for await (const block of readLineBlocks(path, { signal, ...options })) {
      for (let line = 0; line < block.count; line += 1) {
        const [start, end] = [block.starts[line] ?? 0, block.ends[line] ?? 0];
        const text = block.buffer.toString('latin1', start, end);
        lines.push({
          text,
          number: block.numbers[line] ?? 0,
          at: block.offset + start,
          cutFrom: block.cutFrom,
        });
      }
    }
    return lines;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const kept = 65_536;
const longest = 300_000;

test.each([64, 4096, 100_000, 262_144])(
  'of a line that is too long, read by %i bytes, both ends come',
  async (blockBytes) => {
    const long = `<${'x'.repeat(500_000)}>`;
    const content = `a\nb\n${long}\nc\n${'y'.repeat(longest - 1)}\n${long}`;
    const lines = await linesOf(content, { blockBytes, longest });
    const ends = `<${'x'.repeat(kept - 1)}${'x'.repeat(kept - 2)}>`;
    expect(lines.map(({ text, cutFrom }) => [text, cutFrom])).toEqual([
      ['a', null],
      ['b', null],
      [ends, long.length + 1],
      ['c', null],
      ['y'.repeat(longest - 1), null],
      [`<${'x'.repeat(kept - 1)}${'x'.repeat(kept - 1)}>`, long.length],
    ]);
    expect(lines.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(lines.map(({ at }) => at)).toEqual([
      0,
      2,
      4,
      4 + long.length + 1,
      6 + long.length + 1,
      content.length - long.length,
    ]);
  },
);

test('without a limit a line comes whole, however long it is', async () => {
  const [line] = await linesOf(`${'x'.repeat(500_000)}\n`, { blockBytes: 4096 });
  expect(line).toMatchObject({ cutFrom: null, text: 'x'.repeat(500_000) });
});
