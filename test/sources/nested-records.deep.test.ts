import { expect, test } from 'vitest';
import { mostParts } from '../../src/core/nesting.ts';
import { formats } from './json-support.ts';
import { readRows, SourceFolder } from './source-folder.ts';

test.each(formats)('$name passes over a record of too many lists and objects', async (format) => {
  const manifold = `{"id":2,"x":[${'{},'.repeat(mostParts)}0]}`;
  await using folder = await SourceFolder.create({
    data: format.write(['{"id":1,"x":[]}', manifold, '{"id":3,"x":[]}']),
  });
  await using source = await format.open(folder, 'data', { on_bad_record: 'skip' });
  expect((await readRows(source, ['x'])).map(({ key }) => key)).toEqual(['1', '3']);
  expect(source.badRecords).toBe(1);
});
