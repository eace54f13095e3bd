import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answer } from '../../src/emulator/answers/answer.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, type TestEmulator } from '../support/emulator.ts';
import { answeredBy, copyExamples, readEmails, runExample } from './example-project.ts';

let database: TestDatabase;
let emulator: TestEmulator;

const articles = 160;
/** The first half was published before 2024; of each half every second has a summary. */
const archived = articles / 2;

beforeAll(async () => {
  database = await createDatabase();
  emulator = await createEmulator();
  await database.client.query(`
    CREATE TABLE articles (
      id integer PRIMARY KEY, title text NOT NULL, body text NOT NULL, published_at date NOT NULL
    );
    CREATE TABLE article_summaries (
      article_id integer PRIMARY KEY REFERENCES articles,
      summary text NOT NULL,
      model text NOT NULL,
      summarized_at timestamptz NOT NULL
    )`);
  const emails = (await readEmails()).slice(0, articles);
  await database.client.query(
    `INSERT INTO articles
     SELECT number, subject, body, date '2024-01-01' + (number - $2 - 1)::int
       FROM jsonb_to_recordset($1) AS email (subject text, body text, number bigint)`,
    [JSON.stringify(emails), archived],
  );
  await database.client.query(`
    INSERT INTO article_summaries
    SELECT id, 'Old summary of ' || title, 'by hand', '2020-01-01' FROM articles WHERE id % 2 = 0`);
});

afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

async function summariesOf(condition: string): Promise<readonly { id: number; summary: string }[]> {
  const { rows } = await database.client.query<{ id: number; summary: string }>(
    `SELECT article_id AS id, summary FROM article_summaries WHERE ${condition} ORDER BY article_id`,
  );
  return rows;
}

/** What the emulator says to an article whose messages are written out as they should be sent. */
async function expectedSummary(id: number, oldSummary: string | null): Promise<string> {
  const { rows } = await database.client.query<{ title: string; body: string }>(
    'SELECT title, body FROM articles WHERE id = $1',
    [id],
  );
  const present = oldSummary === null ? '\n' : `\nThe present summary, to be improved:\n${oldSummary}\n\n`;
  const { title, body } = rows[0] ?? { title: '', body: '' };
  const completion = answer('/v1/chat/completions', {
    model: 'gpt-4o-mini',
    messages: [
      { role: 'system', content: 'You write summaries of three sentences in plain words.' },
      { role: 'user', content: `${title}\n\n${body}\n${present}` },
    ],
    temperature: 0.2,
    max_tokens: 250,
  }) as unknown as { choices: [{ message: { content: string } }] };
  return completion.choices[0].message.content;
}

test('summaries of the archive are replaced, all others left alone', async () => {
  await using project = await copyExamples({ DATABASE_URL: database.url, OPENAI_API_KEY: 'sk-of-the-test' });
  const { title } = (
    await database.client.query<{ title: string }>('SELECT title FROM articles WHERE id = 2')
  ).rows[0] ?? { title: '' };
  const expected = [
    { id: 1, summary: await expectedSummary(1, null) },
    { id: 2, summary: await expectedSummary(2, `Old summary of ${title}`) },
  ];

  const run = await runExample(project, 'resummarize-archive.yaml', answeredBy(emulator.url));
  expect(run.rows).toMatchObject({ records: archived, filtered: 0, skipped: 0, ok: archived });

  expect(await summariesOf(`model LIKE 'gpt-4o-mini%'`)).toHaveLength(archived);
  expect(await summariesOf('article_id IN (1, 2)')).toEqual(expected);
  const untouched = await summariesOf(`model = 'by hand' AND summarized_at = '2020-01-01'`);
  expect(untouched.map(({ id }) => id)).toEqual(
    Array.from({ length: archived / 2 }, (_, index) => archived + 2 * (index + 1)),
  );
  // keep_files: failed, and nothing failed.
  const kept = await readdir(project.path('pipelines/.pipeline/runs'), { recursive: true });
  expect(kept.filter((name) => /(?:requests|output|errors)-/.test(name))).toEqual([]);

  const again = await project.cli('run', 'pipelines/resummarize-archive.yaml', ...answeredBy(emulator.url));
  expect(again.code).toBe(4);
  expect(again.stderr).toContain('--new-run');
  expect(again.stderr).toContain(run.run_id);
});
