import { describe, expect, test } from 'vitest';
import { jsonl } from '../../src/sources/jsonl.ts';
import { type JsonlInput, openJsonl } from './json-support.ts';
import { readRows, SourceFolder } from './source-folder.ts';

describe('lines', () => {
  test('end in a line feed only, may be blank, and need not end at the end', async () => {
    const text = '{"id":1,"a":"x\u2028\u2029y\u0085"}\r\n\r\n  \n{"id":2,"a":"\\n"}\n\n{"id":3,"a":"z"}';
    const rows = await read(text, ['a']);
    expect(rows.map(({ at, record, values }) => [at, record, values[0]])).toEqual([
      ['a.jsonl:1', 1, 'x\u2028\u2029y\u0085'],
      ['a.jsonl:4', 2, '\n'],
      ['a.jsonl:6', 3, 'z'],
    ]);
  });

  test('on_bad_record: skip passes over lines that are not JSON, cut ones too', async () => {
    await using folder = await SourceFolder.create({ 'a.jsonl': '{"id":1}\n{"id":\n{"id":3}\n{"id":4' });
    await using source = await openJsonl(folder, 'a.jsonl', { on_bad_record: 'skip' });
    const rows = await readRows(source, ['id']);
    expect(rows.map(({ at, key }) => [at, key])).toEqual([
      ['a.jsonl:1', '1'],
      ['a.jsonl:3', '3'],
    ]);
    expect(source.badRecords).toBe(2);
  });
});

describe('faults name their line', () => {
  test.each([
    ['a line that is not JSON', '{"id":1}\n\n{"id":2]\n', 'a.jsonl:3', 'skip'],
    ['a line that is no object', '{"id":1}\n7\n', 'a.jsonl:2', 'skip'],
    ['a JSON list', '[{"id":1},\n{"id":2}]', 'a.jsonl:1', 'type: json`'],
  ])('%s', async (_, text, where, advice) => {
    const error = { code: 'bad_record', where, hint: expect.stringContaining(advice) as string };
    await expect(read(text)).rejects.toMatchObject(error);
  });

  test('behind the sample', async () => {
    const good = Array.from({ length: 30_000 }, (_, id) => `{"id":${id},"body":"${'x'.repeat(100)}"}\n`);
    await using folder = await SourceFolder.create({ 'a.jsonl': `${good.join('')}{"id":oops}\n` });
    await using source = await openJsonl(folder, 'a.jsonl');
    await expect(readRows(source, ['id'])).rejects.toMatchObject({
      code: 'bad_record',
      where: 'a.jsonl:30001',
    });
  });

  test('a line that never ends', async () => {
    await using folder = await SourceFolder.create({ 'a.jsonl': `{"id":1}\n${' '.repeat(65_000_000)}` });
    await using strict = await openJsonl(folder, 'a.jsonl');
    await expect(readRows(strict, ['id'])).rejects.toMatchObject({
      code: 'bad_record',
      where: 'a.jsonl:2',
      message: expect.stringContaining('64 MB') as string,
    });
    await using lenient = await openJsonl(folder, 'a.jsonl', { on_bad_record: 'skip' });
    expect(await readRows(lenient, ['id'])).toHaveLength(1);
    expect(lenient.badRecords).toBe(1);
  });
});

test.each(jsonl.examples)('example %#', (example) => {
  expect(jsonl.config.safeParse(example).success).toBe(true);
});

async function read(text: string, fields: readonly string[] = ['id'], config: JsonlInput = {}) {
  await using folder = await SourceFolder.create({ 'a.jsonl': text });
  await using source = await openJsonl(folder, 'a.jsonl', config);
  return await readRows(source, fields);
}
