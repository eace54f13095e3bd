import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, type TestEmulator } from '../support/emulator.ts';
import { answeredBy, copyExamples, readEmails, runExample, type Email } from './example-project.ts';

let database: TestDatabase;
let emulator: TestEmulator;
let documents: number;

const others = 200;

beforeAll(async () => {
  database = await createDatabase();
  emulator = await createEmulator();
  await database.client.query(`
    CREATE TABLE documents (
      id uuid PRIMARY KEY,
      title text NOT NULL,
      content text NOT NULL,
      folder text NOT NULL,
      thread text
    )`);
  const emails = withThreads(await readEmails());
  documents = emails.length;
  await database.client.query(
    `INSERT INTO documents (id, title, content, folder, thread)
     SELECT md5(id)::uuid, subject, body, "group", thread
       FROM jsonb_to_recordset($1) AS email (id text, subject text, body text, "group" text, thread text)`,
    [JSON.stringify(emails)],
  );
  await database.client.query(
    `INSERT INTO documents (id, title, content, folder) VALUES (md5('')::uuid, 'empty', '', 'none')`,
  );
});

afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

/** Every email whose subject another one answers, and as many others as are wanted. */
function withThreads(emails: readonly Email[]) {
  const threads = Map.groupBy(emails, threadOf);
  const answered = emails.filter(
    (email) => threadOf(email) !== '' && (threads.get(threadOf(email))?.length ?? 0) > 1,
  );
  const alone = emails.filter((email) => !answered.includes(email)).slice(0, others);
  return [
    ...answered.map((email) => ({ ...email, thread: threadOf(email) })),
    ...alone.map((email) => ({ ...email, thread: null })),
  ];
}

function threadOf({ subject }: Email): string {
  return subject
    .replace(/^(?:\s*(?:re|fwd?)\s*:)+/i, '')
    .trim()
    .toLowerCase();
}

test('every document gets a vector of length 1', async () => {
  await using project = await copyExamples({ DATABASE_URL: database.url, OPENAI_API_KEY: 'sk-of-the-test' });
  const { rows } = await runExample(project, 'embeddings-backfill.yaml', answeredBy(emulator.url));
  expect(rows).toMatchObject({ records: documents + 1, filtered: 1, ok: documents });

  const { rows: vectors } = await database.client.query(`
    SELECT count(*)::int AS count,
           array_agg(DISTINCT pg_typeof(embedding)::text) AS types,
           array_agg(DISTINCT cardinality(embedding)) AS dimensions,
           bool_and(abs(norm - 1) < 1e-5) AS of_length_one,
           bool_and(tokens > 0 AND model = 'text-embedding-3-small') AS counted
      FROM document_embeddings, LATERAL (SELECT sqrt(sum(x::float8 * x)) AS norm FROM unnest(embedding) x) n`);
  expect(vectors).toEqual([
    { count: documents, types: ['real[]'], dimensions: [1536], of_length_one: true, counted: true },
  ]);
  const again = await runExample(project, 'embeddings-backfill.yaml', answeredBy(emulator.url));
  expect(again.rows).toMatchObject({ filtered: 1, skipped: documents, requested: 0 });
});

interface Neighbour {
  readonly thread: string;
  readonly folder: string;
  readonly nearest_thread: string | null;
  readonly nearest_folder: string;
}

test('the nearest neighbour of a message is mostly one of its own thread, and else one of its kind', async () => {
  const { rows } = await database.client.query<Neighbour>(`
    SELECT d.thread, d.folder, nearest.thread AS nearest_thread, nearest.folder AS nearest_folder
      FROM (SELECT * FROM documents WHERE thread IS NOT NULL ORDER BY id LIMIT 30) d
      JOIN document_embeddings e ON e.document_id = d.id
     CROSS JOIN LATERAL (
       SELECT n.thread, n.folder
         FROM document_embeddings o
         JOIN documents n ON n.id = o.document_id
        CROSS JOIN LATERAL (
          SELECT sum(a * b) AS similarity FROM unnest(e.embedding, o.embedding) AS pair (a, b)) dot
        WHERE o.document_id <> e.document_id
        ORDER BY dot.similarity DESC LIMIT 1) nearest`);
  expect(rows).toHaveLength(30);
  const own = rows.filter((row) => row.thread === row.nearest_thread);
  const kin = rows.filter((row) => row.thread === row.nearest_thread || row.folder === row.nearest_folder);
  // By chance a thread is met once in a hundred times, and a folder once in three.
  expect(own.length).toBeGreaterThanOrEqual(15);
  expect(kin.length).toBeGreaterThanOrEqual(26);
});
