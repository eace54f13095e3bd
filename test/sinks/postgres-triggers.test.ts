import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { column, mark, openPostgres, resultBatch, sinkContext } from './support.ts';

let database: TestDatabase;
let url: string;

beforeAll(async () => {
  database = await createDatabase();
  ({ url } = database);
});
afterAll(() => database[Symbol.asyncDispose]());

const sql = (text: string) => database.client.query(text);
const context = sinkContext([column('id')], [column('note')]);

beforeEach(async () => {
  await sql(`DROP TABLE IF EXISTS notes, child, batchline_loads CASCADE; CREATE TABLE notes (id int PRIMARY KEY, note text);
    CREATE OR REPLACE FUNCTION leave_out() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN IF NEW.note = 'odd' THEN RETURN NULL; END IF; RETURN NEW; END $$`);
});

const batch = resultBatch(1, [
  ['1', 'even'],
  ['2', 'odd'],
  ['3', 'even'],
  ['x', 'even'],
]);
const odd = { row: 1, code: 'skipped_by_trigger' };
const unfit = { row: 3, code: 'invalid_value' };
const notes = async () => (await database.client.query('SELECT note FROM notes ORDER BY id')).rows;

describe('a row that a trigger leaves out has failed', () => {
  const insertTrigger = 'CREATE TRIGGER t BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION leave_out()';
  const parted = `DROP TABLE notes; CREATE TABLE notes (id int PRIMARY KEY, note text) PARTITION BY HASH (id);
    CREATE TABLE child PARTITION OF notes FOR VALUES WITH (MODULUS 1, REMAINDER 0);
    CREATE TRIGGER t BEFORE INSERT ON child FOR EACH ROW EXECUTE FUNCTION leave_out()`;

  test.each([
    ['upsert', insertTrigger],
    ['insert', insertTrigger],
    ['upsert', parted],
    ['insert', parted],
    ['insert', "CREATE RULE r AS ON INSERT TO notes WHERE NEW.note = 'odd' DO INSTEAD NOTHING"],
  ] as const)('%s: %s', async (mode, ddl) => {
    await sql(ddl);
    await using sink = await openPostgres({ url, table: 'notes', mode }, context);
    await sink.prepare();
    expect((await sink.load(batch, mark())).failures).toMatchObject([odd, unfit]);
    expect(await notes()).toEqual([{ note: 'even' }, { note: 'even' }]);
  });

  test.each(['upsert', 'update'] as const)('where it is there already: %s', async (mode) => {
    await sql(`INSERT INTO notes VALUES (1, 'old'), (2, 'old'), (3, 'old');
      CREATE TRIGGER t BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION leave_out()`);
    await using sink = await openPostgres({ url, table: 'notes', mode }, context);
    expect((await sink.load(batch, mark())).failures).toMatchObject([odd, unfit]);
    expect(await notes()).toEqual([{ note: 'even' }, { note: 'old' }, { note: 'even' }]);
  });

  test('one that was made after the sink was opened is found too', async () => {
    await using sink = await openPostgres({ url, table: 'notes' }, context);
    await sink.load(resultBatch(1, [['0', 'even']]), mark());
    await sql(insertTrigger);
    expect((await sink.load(batch, mark('2'))).failures).toMatchObject([odd, unfit]);
  });

  test('among many, without the others', async () => {
    await sql(insertTrigger);
    await using sink = await openPostgres({ url, table: 'notes' }, context);
    const rows = Array.from({ length: 700 }, (_, at) => [String(at), at % 350 === 7 ? 'odd' : 'even']);
    expect((await sink.load(resultBatch(1, rows), mark())).failures).toMatchObject([
      { row: 7, code: odd.code },
      { row: 357, code: odd.code },
    ]);
    expect(await notes()).toHaveLength(698);
  });
});

test('rows that a trigger moves into the heirs of a table are loaded', async () => {
  await sql(`CREATE TABLE child () INHERITS (notes);
    CREATE OR REPLACE FUNCTION move() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO child VALUES (NEW.id, NEW.note); RETURN NULL; END $$;
    CREATE TRIGGER t BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION move()`);
  await using sink = await openPostgres({ url, table: 'notes', mode: 'insert' }, context);
  await sink.prepare();
  expect(await sink.load(resultBatch(1, [['1', 'even']]), mark())).toMatchObject({ failures: [] });
});
