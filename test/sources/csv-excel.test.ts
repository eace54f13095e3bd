import { describe, expect, test } from 'vitest';
import { type CsvInput, openCsv, readRows } from './csv-support.ts';
import { SourceFolder } from './source-folder.ts';

async function read(
  data: string | Uint8Array,
  config: CsvInput = {},
  key: readonly string[] = ['id'],
): Promise<{
  readonly names: readonly string[];
  readonly rows: readonly (readonly [string, ...unknown[]])[];
}> {
  await using folder = await SourceFolder.create({ 'a.csv': data });
  await using source = await openCsv(folder, 'a.csv', config, key);
  const names = source.fields.map(({ name }) => name).filter((name) => name !== '_row');
  const rows = await readRows(source, names);
  expect(folder.warnings).toEqual([]);
  return { names, rows: rows.map(({ at, values }) => [at, ...values]) };
}

const two = [
  ['a.csv:3', '1', 'a'],
  ['a.csv:4', '2', 'b'],
];

describe('a first line that names the delimiter', () => {
  test.each([
    ['sep=;\r\nid;body\r\n1;a\r\n2;b\r\n', {}],
    ['\ufeffsep=;\nid;body\n1;a\n2;b\n', {}],
    ['"sep=;"\nid;body\n1;a\n2;b\n', { delimiter: 'auto' }],
    ['SEP=\t\rid\tbody\r1\ta\r2\tb\r', { delimiter: ';' }],
    ['sep=,\nid,body\n1,a\n2,b\n', {}],
  ] as const)('is read as that: %j', async (text, config) => {
    expect(await read(text, config)).toEqual({ names: ['id', 'body'], rows: two });
  });

  test('is read as that where no header follows, and as a record where it may be one', async () => {
    const header = ['id', 'body'];
    expect((await read('sep=;\n1;a\n2;b\n', { header })).rows).toEqual([
      ['a.csv:2', '1', 'a'],
      ['a.csv:3', '2', 'b'],
    ]);
    expect((await read('sep=,\n1,a\n', { header })).rows).toEqual([
      ['a.csv:1', 'sep=', ''],
      ['a.csv:2', '1', 'a'],
    ]);
  });

  test('stays the name of the column that is the key', async () => {
    expect(await read('sep=;\n1\n', {}, ['sep=;'])).toEqual({ names: ['sep=;'], rows: [['a.csv:2', '1']] });
  });
});

describe('Ctrl-Z', () => {
  test.each(['id,body\n\n1,a\n2,b\n\x1a', 'id,body\n\n1,a\n2,b\x1a', 'id,body\n\n1,a\n2,b\n\x1a\x1a\x1a'])(
    'at the end is no text: %j',
    async (text) => {
      expect((await read(text)).rows).toEqual(two);
    },
  );

  test('anywhere else is', async () => {
    expect((await read('id,body\n\n1,\x1aa\x1a\n')).rows).toEqual([['a.csv:3', '1', '\x1aa\x1a']]);
  });
});

describe('a delimiter at the end of each line', () => {
  test.each(['id,body,\n\n1,a,\n2,b,\n', 'id,body,,,\n\n1,a,,,\n2,b,,,\n'])(
    'makes no column: %j',
    async (text) => {
      expect(await read(text)).toEqual({ names: ['id', 'body'], rows: two });
    },
  );

  test('with a value behind it is a bad record, which can be passed over', async () => {
    const text = 'id,body,\n1,a,x\n\n2,b,\n';
    await expect(read(text)).rejects.toMatchObject({
      code: 'bad_record',
      where: 'a.csv:2',
      message: 'the record has a value in column 3, which has no name in the header',
    });
    expect((await read(text, { on_bad_record: 'skip' })).rows).toEqual([['a.csv:4', '2', 'b']]);
  });

  test('that the header lacks is told of', async () => {
    await expect(read('id,body\n1,a,\n')).rejects.toMatchObject({
      code: 'bad_record',
      hint: expect.stringMatching(/^Where every line ends in a delimiter/) as string,
    });
    await expect(read('1,a,\n', { header: ['id', 'body'] })).rejects.toMatchObject({
      code: 'bad_header',
      hint: expect.stringMatching(/name them in `header` too/) as string,
    });
  });
});

describe('UTF-16', () => {
  const text = 'id,body\n\n1,a\n2,b\n';

  test('with a mark, or named, is read', async () => {
    expect((await read(Buffer.from(`\ufeff${text}`, 'utf16le'))).rows).toEqual(two);
    expect((await read(Buffer.from(`\ufeff${text}`, 'utf16le').swap16())).rows).toEqual(two);
    expect((await read(Buffer.from(text, 'utf16le'), { encoding: 'utf16le' })).rows).toEqual(two);
  });

  test.each([
    [Buffer.from(text, 'utf16le'), 'encoding: utf16le'],
    [Buffer.from(text, 'utf16le').swap16(), 'encoding: utf-16be'],
  ])('without a mark is told of: %#', async (data, hint) => {
    await expect(read(data)).rejects.toMatchObject({
      code: 'not_text',
      where: 'a.csv',
      message: 'the file is in UTF-16, without a byte order mark',
      hint: expect.stringContaining(hint) as string,
    });
  });
});

test.each([
  ['504b0304140006', 'Excel workbook (.xlsx)'],
  ['d0cf11e0a1b11ae1', 'Excel workbook (.xls)'],
  ['1f8b0800000000', 'compressed by gzip'],
  ['fffe000069000000', 'UTF-32'],
])('what is no text at all is told of: %s', async (hex, name) => {
  await expect(read(Buffer.from(hex, 'hex'))).rejects.toMatchObject({
    code: 'not_text',
    message: expect.stringContaining(name) as string,
  });
});
