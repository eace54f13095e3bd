import { describe, expect, test } from 'vitest';
import { mostLevels } from '../../src/core/nesting.ts';
import { formats } from './json-support.ts';
import { readRows, SourceFolder } from './source-folder.ts';

/** A record whose member is a list of lists; the record itself is the first level. */
const nested = (id: number, levels: number): string =>
  `{"id":${id},"x":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;

describe.each(formats)('$name', (format) => {
  test.each([mostLevels + 1, 3000, 100_000])(
    'passes over a record of %i levels, and counts it',
    async (levels) => {
      await using folder = await SourceFolder.create({
        data: format.write([nested(1, 2), nested(2, levels), '{"id":3,"x":12345678901234567890}']),
      });
      await using source = await format.open(folder, 'data', { on_bad_record: 'skip' });
      const rows = await readRows(source, ['x']);
      expect(rows.map(({ key, json }) => [key, json[0]])).toEqual([
        ['1', '[]'],
        ['3', '12345678901234567890'],
      ]);
      expect(source.badRecords).toBe(1);
    },
  );

  test('names it where records must be good', async () => {
    await using folder = await SourceFolder.create({ data: format.write([nested(1, 2), nested(2, 3000)]) });
    await expect(format.open(folder, 'data')).rejects.toMatchObject({
      code: 'bad_record',
      message: expect.stringContaining('1000 levels') as string,
      where: expect.stringMatching(/^data:[23]$/) as string,
      hint: expect.stringContaining('on_bad_record: skip') as string,
    });
  });

  test('reads and prints one of as many levels as there may be', async () => {
    await using folder = await SourceFolder.create({ data: format.write([nested(1, mostLevels)]) });
    await using source = await format.open(folder, 'data');
    const [row] = await readRows(source, ['x']);
    expect(row?.json[0]).toBe(`${'['.repeat(mostLevels - 1)}${']'.repeat(mostLevels - 1)}`);
  });
});
