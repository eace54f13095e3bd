import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DerivedBatch, sameColumns } from '../../src/core/derived-batch.ts';
import { longestRow, rowTooLarge } from '../../src/core/longest-row.ts';
import { declarationOf } from '../../src/config/blocks.ts';
import { transforms } from '../../src/transforms/index.ts';
import type { Value } from '../../src/core/value.ts';
import type { WireText } from '../../src/core/wire-text.ts';
import { rowBatch } from '../request/renderer-support.ts';

/** Five rows, of which the second and the fourth cannot be read. */
class SomeUnreadable extends DerivedBatch {
  constructor() {
    const base = rowBatch(['1', '2', '3', '4', '5'].map((id) => ({ id, body: `row ${id} `.repeat(30) })));
    super(base, base.fields, sameColumns(base.fields));
  }

  override value(row: number, field: number): Value {
    refuse(row);
    return super.value(row, field);
  }

  override printed(row: number, field: number): WireText {
    refuse(row);
    return super.printed(row, field);
  }
}

function refuse(row: number): void {
  if (row % 2 === 1) throw rowTooLarge(40e6);
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'batchline-unreadable-'));
  await writeFile(join(folder, 'same.js'), 'export default (row) => ({ body: row.body.slice(0, 5) })');
  const sizes = [
    `'x'.repeat(${longestRow + 1})`,
    '{ let x = []; for (let n = 0; n < LEVELS; n += 1) x = [x]; return x; }',
  ];
  await writeFile(join(folder, 'large.js'), `export default () => ({ body: ${sizes[0]} })`);
  for (const levels of [1001, 3000, 20_000]) {
    const deep = `(() => ${sizes[1]?.replace('LEVELS', String(levels))})()`;
    await writeFile(join(folder, `deep-${levels}.js`), `export default () => ({ tree: ${deep} })`);
  }
});
afterAll(() => rm(folder, { recursive: true }));

async function apply(block: { readonly type: string } & Record<string, unknown>) {
  const batch = new SomeUnreadable();
  const declaration = declarationOf(transforms, block as never);
  const context = { baseDir: folder, keyParts: 1, encoding: 'o200k_base' } as const;
  const opened = await declaration.open(declaration.config.parse(block), batch.fields, context);
  return opened.apply(batch, new AbortController().signal);
}

test.each([
  ['filter', { where: 'size(body) > 0' }, undefined],
  ['template', { field: 'body', template: '{{ body }}!' }, undefined],
  ['truncate', { field: 'body', max_tokens: 5 }, undefined],
  ['split', { field: 'body', max_tokens: 40 }, 3],
  ['module', { path: 'same.js', fields: { body: 'text' } }, undefined],
])('%s fails the rows that it cannot read, and takes the others', async (type, config, pieces) => {
  const applied = await apply({ type, ...config });
  expect(applied.failures.map(({ row, code }) => [row, code])).toEqual([
    [1, 'row_too_large'],
    [3, 'row_too_large'],
  ]);
  expect(applied.failures[0]?.message).toMatch(/^rows\.csv:3: the row has 40\.0 MB/);
  const rows = Array.from({ length: applied.batch.length }, (_, row) => row);
  expect(new Set(rows.map((row) => applied.batch.keyPart(row, 0)))).toEqual(new Set(['1', '3', '5']));
  for (const row of rows) {
    const body = applied.batch.value(row, 1);
    expect(body).toContain(`row ${applied.batch.keyPart(row, 0)}`);
  }
  expect(applied.pieces?.length).toBe(pieces);
});

test.each([
  ['large.js', { body: 'text' }, 'row_too_large'],
  ['deep-1001.js', { tree: 'json' }, 'nested_too_deep'],
  ['deep-3000.js', { tree: 'json' }, 'nested_too_deep'],
  ['deep-20000.js', { tree: 'json' }, 'nested_too_deep'],
])('what %s returns fails its row', async (path, fields, code) => {
  const { failures } = await apply({ type: 'module', path, reads: [], fields });
  expect(failures.map((failure) => failure.code)).toEqual(Array.from({ length: 5 }, () => code));
});
