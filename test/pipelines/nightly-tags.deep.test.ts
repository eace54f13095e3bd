import { afterAll, beforeAll, expect, test } from 'vitest';
import { paidLines } from '../support/bill.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, type TestEmulator } from '../support/emulator.ts';
import type { PipelineProject } from '../support/pipeline-process.ts';
import { answeredBy, copyExamples, readEmails, runExample } from './example-project.ts';

let database: TestDatabase;
let emulator: TestEmulator;
let project: PipelineProject;

const tickets = 240;
/** Every tenth ticket is still open; of the closed ones, three have no text. */
const open = tickets / 10;
const closed = tickets - open;
const empty = 3;

beforeAll(async () => {
  database = await createDatabase();
  emulator = await createEmulator();
  project = await copyExamples({ DATABASE_URL: database.url, OPENAI_API_KEY: 'sk-of-the-test' });
  await database.client.query(`
    CREATE TABLE tickets (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      subject text NOT NULL,
      body text,
      opened_at timestamptz NOT NULL DEFAULT now(),
      closed_at timestamptz
    )`);
  const emails = (await readEmails()).slice(0, tickets);
  await database.client.query(
    `INSERT INTO tickets (subject, body, closed_at)
     SELECT subject, body, CASE WHEN number % 10 <> 0 THEN now() END
       FROM jsonb_to_recordset($1) AS email (subject text, body text, number bigint)`,
    [JSON.stringify(emails)],
  );
  await database.client.query(`
    UPDATE tickets SET body = '' WHERE id IN (1, 2);
    UPDATE tickets SET body = NULL WHERE id = 3`);
});

afterAll(async () => {
  await project[Symbol.asyncDispose]();
  await emulator[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

async function runTonight(...flags: readonly string[]) {
  const { rows: before } = await database.client.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  const paidBefore = paidLines(await emulator.bill()).length;
  const summary = await runExample(project, 'nightly-tags.yaml', [...answeredBy(emulator.url), ...flags]);
  const { rows: written } = await database.client.query<{ ticket_id: string }>(
    'SELECT ticket_id FROM ticket_tags WHERE tagged_at >= $1 ORDER BY ticket_id',
    [before[0]?.now],
  );
  return {
    rows: summary.rows,
    paid: paidLines(await emulator.bill()).length - paidBefore,
    written: written.map((row) => Number(row.ticket_id)),
  };
}

test('the first night tags every closed ticket, each later one what is new or was edited', async () => {
  // The tickets without text are among the first twenty.
  const trial = await runTonight('--limit', '20');
  const tried = 20 - empty;
  expect(trial.rows).toMatchObject({ records: 20, filtered: empty, ok: tried });
  expect(trial.written).toHaveLength(tried);

  const first = await runTonight();
  const requested = closed - empty;
  expect(first.rows).toMatchObject({
    records: closed,
    filtered: empty,
    skipped: tried,
    ok: requested - tried,
  });
  expect(trial.paid + first.paid).toBe(requested);
  expect(first.written).toHaveLength(requested - tried);

  await database.client.query(`
    UPDATE tickets SET body = body || E'\\n\\nIt happened again today.' WHERE id IN (11, 57);
    UPDATE tickets SET subject = 'Urgent: ' || subject WHERE id = 123;
    UPDATE tickets SET closed_at = now() WHERE id IN (40, 200);
    UPDATE tickets SET opened_at = now() - interval '1 day';
    INSERT INTO tickets (subject, body, closed_at) VALUES ('Rechnung', 'Bitte an die neue Adresse.', now())`);
  const second = await runTonight();
  expect(second.rows).toMatchObject({ records: closed + 3, filtered: empty, skipped: requested - 3, ok: 6 });
  expect(second.paid).toBe(6);
  expect(second.written).toEqual([11, 40, 57, 123, 200, tickets + 1]);

  const third = await runTonight();
  expect(third.rows).toMatchObject({ skipped: requested + 3, requested: 0 });
  expect(third).toMatchObject({ paid: 0, written: [] });
});

test('the table that it makes has the types of its source and of the schema', async () => {
  const { rows } = await database.client.query<{ name: string; type: string }>(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type
       FROM pg_attribute WHERE attrelid = 'ticket_tags'::regclass AND attnum > 0 ORDER BY attname`,
  );
  expect(Object.fromEntries(rows.map(({ name, type }) => [name, type]))).toEqual({
    ticket_id: 'bigint',
    tags: 'jsonb',
    urgency: 'text',
    model: 'text',
    tagged_at: 'timestamp with time zone',
    request_hash: 'text',
  });
  const { rows: odd } = await database.client.query(`
    SELECT ticket_id FROM ticket_tags
     WHERE jsonb_typeof(tags) <> 'array' OR urgency NOT IN ('low', 'normal', 'high')
        OR model NOT LIKE 'gpt-4o-mini%' OR request_hash !~ '^[0-9a-f]{64}$'
        OR (tags IS NULL OR urgency IS NULL OR model IS NULL OR request_hash IS NULL)`);
  expect(odd).toEqual([]);
});
