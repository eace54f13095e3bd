import { expect, test } from 'vitest';
import { BatchlineError } from '../../src/core/errors.ts';
import type { RowBatch } from '../../src/core/row-batch.ts';
import type { OpenedSource } from '../../src/core/source.ts';
import { fromWire } from '../../src/core/wire-text.ts';

/** A source that is ready to be put through the contract. */
export interface SourceSubject {
  /** Opens it over these rows, whose columns are `id` (the key) and `body`; ids are given in the source's own order. */
  openWith(rows: readonly SubjectRow[]): Promise<OpenedSource>;
  /** Opens it where there is nothing to read from: a missing file, table or server. */
  openMissing(): Promise<OpenedSource>;
}

export interface SubjectRow {
  readonly id: string;
  readonly body: string;
}

/** What every source must do, whatever it reads from. */
export function testSourceContract(subject: SourceSubject): void {
  test('opens and closes without reading', async () => {
    await using source = await subject.openWith(rows(3));
    expect(source.fields.map(({ name }) => name)).toEqual(expect.arrayContaining(['id', 'body']));
    expect(source.keyFields.map(({ name }) => name)).toEqual(['id']);
  });

  test('yields nothing where there are no rows', async () => {
    await using source = await subject.openWith([]);
    expect(await collect(source, ['id'])).toEqual([]);
  });

  test('delivers the fields that were asked for, in that order', async () => {
    await using source = await subject.openWith(rows(5));
    for await (const batch of source.read(reading(['body', 'id']))) {
      expect(batch.fields.map(({ name }) => name)).toEqual(['body', 'id']);
      expect(fromWire(batch.printed(0, 0))).toBe('body 1');
      expect(JSON.parse(fromWire(batch.json(0, 0)))).toBe('body 1');
      expect(batch.value(0, 0)).toBe('body 1');
      expect(batch.position(0)).not.toBe('');
    }
    expect(await collect(source, ['body', 'id'])).toEqual(rows(5).map(({ id }) => id));
  });

  test('reads every row once, numbers them, and reads them all again', async () => {
    const many = rows(12_345);
    await using source = await subject.openWith(many);
    const ids = many.map(({ id }) => id);
    let record = 0;
    for await (const batch of source.read(reading(['body']))) {
      for (let row = 0; row < batch.length; row += 1) expect(batch.record(row)).toBe((record += 1));
    }
    expect(record).toBe(many.length);
    expect(await collect(source, ['body'])).toEqual(ids);
  });

  test.each([0, 1, 5000, 7001])('stops after %i rows where that is the limit', async (limit) => {
    await using source = await subject.openWith(rows(8000));
    expect(await collect(source, ['id'], limit)).toHaveLength(limit);
  });

  test('can be left half-way and read again', async () => {
    await using source = await subject.openWith(rows(8000));
    for await (const batch of source.read(reading(['id']))) {
      expect(batch.length).toBeGreaterThan(0);
      break;
    }
    expect(await collect(source, ['id'])).toHaveLength(8000);
  });

  test('stops with the reason of an abort', async () => {
    await using source = await subject.openWith(rows(20_000));
    const controller = new AbortController();
    const reason = new Error('enough');
    const read = async () => {
      for await (const batch of source.read({ fields: ['id'], signal: controller.signal })) {
        expect(batch.length).toBeGreaterThan(0);
        controller.abort(reason);
      }
    };
    await expect(read()).rejects.toBe(reason);
  });

  test('says with a BatchlineError that there is nothing to read from', async () => {
    const error = await subject.openMissing().then(
      (source) => source[Symbol.asyncDispose](),
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(BatchlineError);
    expect((error as BatchlineError).hint).toBeDefined();
  });
}

function rows(count: number): readonly SubjectRow[] {
  return Array.from({ length: count }, (_, index) => ({ id: String(index + 1), body: `body ${index + 1}` }));
}

function reading(fields: readonly string[], limit?: number) {
  return { fields, limit, signal: new AbortController().signal };
}

/** The first part of each row's key. */
async function collect(source: OpenedSource, fields: readonly string[], limit?: number): Promise<string[]> {
  const keys: string[] = [];
  for await (const batch of source.read(reading(fields, limit))) keys.push(...keysOf(batch));
  return keys;
}

function keysOf(batch: RowBatch): readonly string[] {
  return Array.from({ length: batch.length }, (_, row) => fromWire(batch.keyPart(row, 0) ?? ('' as never)));
}
