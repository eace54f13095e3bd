import { afterAll, beforeAll, expect, test } from 'vitest';
import { promptAnswer } from '../support/chat-answer.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { errorsOf } from './scene.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const rowCount = 12_000;

function pipeline(url: string, sink: object = {}): object {
  return {
    source: { type: 'postgres', url: database.url, table: 'notes', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(url),
    batch: { ...promptBatch, max_requests: 2000 },
    sink: {
      type: 'postgres',
      url: database.url,
      table: 'notes',
      mode: 'update',
      columns: { answer: 'text' },
      ...sink,
    },
  };
}

test('a table is read on by key while its rows are updated, and unchanged rows are not sent again', async () => {
  const { client } = database;
  // Every update moves its row, and with a page half full to where a scan would come by again.
  await client.query(`
    CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL, answer text, request_hash text, changes int NOT NULL DEFAULT 0);
    INSERT INTO notes SELECT n, 'note ' || n FROM generate_series(1, ${rowCount}) n;
    CREATE FUNCTION count_changes() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN NEW.changes := OLD.changes + 1; RETURN NEW; END $$;
    CREATE TRIGGER count_changes BEFORE UPDATE OF answer ON notes FOR EACH ROW EXECUTE FUNCTION count_changes()`);
  await using emulator = await createEmulator();
  await using project = await PipelineProject.create(pipeline(emulator.url));
  const first = await project.summary();
  expect(first.rows).toMatchObject({ records: rowCount, ok: rowCount, failed: 0 });
  const { rows } = await client.query<{ id: string; answer: string; changes: number }>(
    'SELECT id::text, answer, changes FROM notes ORDER BY notes.id',
  );
  expect(rows).toEqual(
    Array.from({ length: rowCount }, (_, index) => ({
      id: String(index + 1),
      answer: promptAnswer(`note ${index + 1}`),
      changes: 1,
    })),
  );
  expect(await emulator.bill()).toHaveLength(rowCount / 2000);

  await client.query(`UPDATE notes SET body = 'edited' WHERE id = 7`);
  const second = await project.summary();
  expect(second.rows).toMatchObject({ requested: 1, ok: 1, skipped: rowCount - 1 });
});

test('rows that another table does not have fail at their loading', async () => {
  const { client } = database;
  await client.query(
    `CREATE TABLE few (id bigint PRIMARY KEY, answer text); INSERT INTO few VALUES (1), (3)`,
  );
  await using emulator = await createEmulator();
  const parts = pipeline(emulator.url, { table: 'few' }) as { readonly source: object };
  await using project = await PipelineProject.create({
    ...parts,
    source: { ...parts.source, where: 'id <= 3' },
  });
  const summary = await project.summary(1);
  expect(summary.rows).toMatchObject({ requested: 3, ok: 2, failed: 1 });
  expect(await errorsOf(project)).toMatchObject([
    { key: '2', stage: 'load', code: 'row_not_in_target', attempts: 1 },
  ]);
  await client.query('INSERT INTO few VALUES (2)');
  const { code, stderr } = await project.cli('retry', summary.run_id);
  expect(stderr).not.toContain('error');
  expect(code).toBe(0);
  const { rows } = await client.query('SELECT id::int, answer FROM few ORDER BY few.id');
  expect(rows).toEqual([1, 2, 3].map((id) => ({ id, answer: promptAnswer(`note ${id}`) })));
  expect(await emulator.bill()).toHaveLength(1);
});
