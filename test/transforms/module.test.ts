import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Field, Value } from '../../src/core/value.ts';
import { module } from '../../src/transforms/module.ts';
import { typedValue } from '../../src/transforms/module/typed-value.ts';
import { rowBatch } from '../request/renderer-support.ts';

const signal = new AbortController().signal;
const context = { keyParts: 1, encoding: 'o200k_base' } as const;
const text = (name: string): Field => ({ name, kind: 'text', sqlType: 'text' });
let folder: string;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'batchline-module-')));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('what it returns', () => {
  test.each([
    ['fields', '({ language: "en" })', [{ id: '1', body: 'one', language: 'en' }]],
    ['nothing new', '({})', [{ id: '1', body: 'one', language: null }]],
    ['the row and more', '({ ...row, language: row.id })', [{ id: '1', body: 'one', language: '1' }]],
    [
      'a field in place of another',
      '({ body: row.body + "!" })',
      [{ id: '1', body: 'one!', language: null }],
    ],
    ['null for a field', '({ body: null })', [{ id: '1', body: null, language: null }]],
    ['null', 'null', []],
    ['a promise', 'Promise.resolve({ language: "de" })', [{ id: '1', body: 'one', language: 'de' }]],
  ])('%s', async (_, answer, rows) => {
    const { values, failures } = await apply(`export default (row) => ${answer}`);
    expect([values, failures]).toEqual([rows, []]);
  });

  test.each([
    ['undefined', /it returned nothing; return an object with fields, \{\} to leave/],
    ['[{}, {}]', /it returned a list; return an object/],
    ['"x"', /it returned text; return an object/],
    ['({ langauge: "en" })', /it returned "langauge", .* Did you mean "language"\?/],
    ['({ ...row, id: "2" })', /it returned "id", which `fields` does not declare/],
    ['({ language: 1 })', /"language" is the number 1, declared is text/],
    ['Promise.reject(new Error("gone"))', /the module failed: gone/],
    ['{ throw "a text" }', /the module failed: a text/],
    ['{ row.id = 2; return row; }', /Cannot assign to read only property 'id'/],
  ])('%s fails the row', async (answer, message) => {
    const { values, failures } = await apply(`export default (row) => ${answer}`);
    expect(values).toEqual([]);
    expect(failures).toEqual([{ row: 0, code: 'module_failed', message: expect.stringMatching(message) }]);
    expect(failures[0]?.message).toMatch(/^rows\.csv:2: /);
  });
});

test('a list of a row is frozen, and a copy of what is returned is kept', async () => {
  const source = `const seen = [];
    export default (row) => { try { row.tags.push('x') } catch { seen.push(row.id) } return { tags: seen } }`;
  const { values } = await apply(source, { fields: { tags: 'json' } }, [
    { id: '1', tags: ['a'] },
    { id: '2', tags: ['b'] },
  ]);
  expect(values).toEqual([
    { id: '1', tags: ['1'] },
    { id: '2', tags: ['1', '2'] },
  ]);
});

test('whole numbers are numbers where that is exact', async () => {
  const source = 'export default (row) => ({ twice: row.n * (typeof row.n === "bigint" ? 2n : 2) })';
  const { values } = await apply(source, { fields: { twice: 'integer' } }, [
    { id: '1', n: 21n },
    { id: '2', n: 9007199254740993n },
  ]);
  expect(values.map(({ twice }) => twice)).toEqual([42n, 18014398509481986n]);
});

test('rows between those that are dropped or fail keep their own values', async () => {
  const source = `export default ({ id }) => {
    if (id % 3 === 0) return null;
    if (id % 3 === 1) throw new RangeError(id);
    return { copy: id };
  }`;
  const rows = Array.from({ length: 9 }, (_, index) => ({ id: String(index + 1) }));
  const { values, failures, filtered } = await apply(source, { fields: { copy: 'text' } }, rows);
  expect(values).toEqual(['2', '5', '8'].map((id) => ({ id, copy: id })));
  expect([failures.map(({ row }) => row), filtered]).toEqual([[0, 3, 6], 3]);
});

test('a wait ends with the run', async () => {
  const stop = new AbortController();
  const opened = await open('export default () => new Promise(() => {})');
  const applied = opened.apply(rowBatch([{ id: '1', body: 'x' }]), stop.signal);
  stop.abort(new Error('stopped'));
  await expect(applied).rejects.toThrow('stopped');
});

test('needs every field, or those that it reads and that are wanted of the others', async () => {
  const source = 'export default () => ({})';
  const fields = { body: 'text', language: 'text' } as const;
  const all = await open(source, { fields });
  expect(all.needs(new Set(['language']))).toEqual(new Set(['id', 'body']));
  const some = await open(source, { fields, reads: ['id'] });
  expect(some.needs(new Set(['language']))).toEqual(new Set(['id']));
  // Where the module leaves `body` out of an answer, the row's own is wanted.
  expect(some.needs(new Set(['body', 'language']))).toEqual(new Set(['id', 'body']));
  await expect(open(source, { reads: ['bodi'] })).rejects.toMatchObject({ code: 'unknown_field' });
});

describe('is refused', () => {
  test.each([
    ['a.js', 'export const x = 1', 'module_invalid', /exports no function/],
    ['a.js', 'export default {', 'module_invalid', /cannot be imported/],
    ['a.js', 'null.x', 'module_invalid', /cannot be imported: Cannot read properties of null/],
    ['a.js', 'import "./none.js"', 'module_invalid', /Cannot find module/],
  ])('%s: %s', async (name, source, code, message) => {
    await expect(open(source, {}, name)).rejects.toMatchObject({
      code,
      exitCode: 2,
      message: expect.stringMatching(message),
      hint: expect.any(String),
    });
  });

  test('a file that is not there', async () => {
    const opening = module.open({ path: 'none.js', fields: {} }, [], { ...context, baseDir: folder });
    await expect(opening).rejects.toMatchObject({ code: 'module_not_found', where: join(folder, 'none.js') });
  });
});

test('an edited file is another module with another fingerprint', async () => {
  const first = await open('export default () => ({ language: "a" })', {}, 'edited.js');
  const second = await open('export default () => ({ language: "b" })', {}, 'edited.js');
  expect(Object.keys(first.fingerprint ?? {})).toEqual(['edited.js']);
  expect(first.fingerprint).not.toEqual(second.fingerprint);
  const { batch } = await second.apply(rowBatch([{ id: '1', body: 'x' }]), signal);
  expect(batch.value(0, 2)).toBe('b');
});

test.each([
  ['text', 'x', 'x'],
  ['text', 7, undefined],
  ['integer', 7, 7n],
  ['integer', 7n, 7n],
  ['integer', 1.5, undefined],
  ['integer', 2 ** 53, undefined],
  ['float', 1.5, 1.5],
  ['float', '1.5', undefined],
  ['boolean', false, false],
  ['boolean', 0, undefined],
  ['timestamp', new Date(0), '1970-01-01T00:00:00.000Z'],
  ['timestamp', '2024-02-29T12:00:00.123456Z', '2024-02-29T12:00:00.123456Z'],
  ['timestamp', '2024-02-29T12:00:00+02:00', '2024-02-29T10:00:00.000Z'],
  ['timestamp', '29.2.2024', undefined],
  ['timestamp', new Date('x'), undefined],
  ['json', { a: [1, 2n, null] }, { a: [1, 2, null] }],
  ['json', () => 1, undefined],
  ['json', null, null],
] as const)('%s of %o is %o', (kind, value, typed) => {
  expect(typedValue(value, kind)).toEqual(typed);
});

type Config = Partial<Parameters<typeof module.open>[0]>;
let files = 0;

async function open(source: string, config: Config = {}, name = `${(files += 1)}.js`) {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, source);
  return module.open({ path: name, fields: { body: 'text', language: 'text' }, ...config }, incoming, {
    ...context,
    baseDir: folder,
  });
}

const incoming = [text('id'), text('body')];

async function apply(
  source: string,
  config: Config = {},
  rows: readonly Readonly<Record<string, Value>>[] = [{ id: '1', body: 'one' }],
) {
  const batch = rowBatch(rows);
  const path = `${(files += 1)}.js`;
  await writeFile(join(folder, path), source);
  const declared = { fields: { body: 'text', language: 'text' } as const, ...config };
  const opened = await module.open({ path, ...declared }, batch.fields, { ...context, baseDir: folder });
  const applied = await opened.apply(batch, signal);
  const values = Array.from({ length: applied.batch.length }, (_, row) =>
    Object.fromEntries(
      applied.batch.fields.map(({ name }, index) => [name, applied.batch.value(row, index)]),
    ),
  );
  return { values, failures: applied.failures, filtered: applied.filtered };
}
