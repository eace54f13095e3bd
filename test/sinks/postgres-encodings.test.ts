import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { column, mark, openPostgres, resultBatch, sinkContext } from './support.ts';

let database: TestDatabase;
let url: string;

beforeAll(async () => {
  database = await createDatabase("TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
  ({ url } = database);
});
afterAll(() => database[Symbol.asyncDispose]());

const sql = (text: string) => database.client.query(text);

beforeEach(async () => {
  await sql(`DROP TABLE IF EXISTS notes, batchline_loads;
    CREATE TABLE notes (id text PRIMARY KEY, note text, doc jsonb, request_hash text)`);
});

async function ids(): Promise<readonly string[]> {
  const { rows } = await database.client.query<{ id: string }>(
    'SELECT id FROM notes WHERE note IS NOT NULL ORDER BY id',
  );
  return rows.map(({ id }) => id);
}

const context = sinkContext([column('id')], [column('note'), column('doc', 'jsonb')]);
const rows = resultBatch(1, [
  ['1', 'é, which LATIN1 has', { is: 'ü' }],
  ['2', 'done \u2713', {}],
  ['3', '', { is: '\u2713' }],
  ['key \u2713', '', {}],
  ['5', 'back\\slash\ttab', {}],
]);
const failures = [
  { row: 1, code: 'invalid_value', message: expect.stringContaining('LATIN1') },
  { row: 2, code: 'invalid_value' },
  { row: 3, code: 'invalid_value' },
];

describe('a character that the database lacks costs its row alone', () => {
  test.each(['upsert', 'insert', 'update'] as const)('%s', async (mode) => {
    if (mode === 'update') await sql("INSERT INTO notes VALUES ('1'), ('2'), ('3'), ('5')");
    await using sink = await openPostgres({ url, table: 'notes', mode }, context);
    await sink.prepare();
    const outcome = await sink.load(rows, mark());
    expect(outcome.failures).toMatchObject(failures);
    expect(await ids()).toEqual(['1', '5']);
    const { rows: kept } = await sql("SELECT note FROM notes WHERE id = '5'");
    expect(kept).toEqual([{ note: 'back\\slash\ttab' }]);
    // What a mark keeps of them is read back as it was.
    expect((await sink.load(rows, mark())).failures).toEqual(outcome.failures);
  });

  test('a mark holds what was said of it', async () => {
    await sql('ALTER TABLE notes ALTER COLUMN doc TYPE boolean USING true');
    await using sink = await openPostgres({ url, table: 'notes', mode: 'insert' }, context);
    await sink.prepare();
    const batch = resultBatch(1, [
      ['1', '', true],
      ['100% \u2713', '', '\u2713 \0 %41'],
    ]);
    const { failures: first } = await sink.load(batch, mark());
    expect(first).toMatchObject([{ row: 1, message: expect.stringContaining('\u2713') }]);
    expect((await sink.load(batch, mark())).failures).toEqual(first);
  });

  test('such a key stands in no row, and keeps none from being deleted', async () => {
    await sql("INSERT INTO notes VALUES ('1'), ('2'), ('3')");
    await using sink = await openPostgres({ url, table: 'notes' }, context);
    const batches = (async function* () {
      yield [['\u2713', '1']];
      yield [['3', '\u2713\u2713']];
    })();
    expect(await sink.deleteMissing?.({ parts: 1, batches })).toBe(1);
    const { rows: left } = await sql('SELECT id FROM notes ORDER BY id');
    expect(left).toEqual([{ id: '1' }, { id: '3' }]);
  });
});
