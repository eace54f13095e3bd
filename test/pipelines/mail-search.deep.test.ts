import { expect, test } from 'vitest';
import { createDatabase } from '../support/database.ts';
import { createEmulator } from '../support/emulator.ts';
import { answeredBy, copyExamples, readEmails, runExample } from './example-project.ts';

test('every piece of what an author wrote gets a vector, and pieces that are gone are deleted', async () => {
  await using database = await createDatabase();
  await using emulator = await createEmulator();
  await using project = await copyExamples({ OPENAI_API_KEY: 'sk-of-the-test' });
  const flags = [...answeredBy(emulator.url), '--set', `sink.url=${database.url}`];
  const { rows } = await runExample(project, 'mail-search.yaml', flags);
  const emails = await readEmails();
  expect(rows.records).toBe(emails.length);
  expect(rows.ok).toBeGreaterThan(emails.length);

  const { rows: pieces } = await database.client.query(`
    SELECT count(*)::int AS count, count(DISTINCT email_id)::int + ${rows.filtered} AS emails,
           max(chunk_index)::int > 3 AS long, array_agg(DISTINCT cardinality(embedding)) AS dimensions,
           bool_or(piece ~ '\\n>') AS quotes
      FROM email_pieces`);
  expect(pieces).toEqual([
    { count: rows.ok, emails: emails.length, long: true, dimensions: [256], quotes: false },
  ]);

  const longest = `SELECT email_id FROM email_pieces ORDER BY chunk_index DESC, email_id LIMIT 1`;
  const { rows: found } = await database.client.query<{ email_id: string }>(longest);
  const id = found[0]?.email_id ?? '';
  await project.write('pipelines/data/emails.csv', `id,subject,body\n${id},Short now,A line.\n`);
  const again = await runExample(project, 'mail-search.yaml', flags);
  expect(again.rows).toMatchObject({ records: 1, ok: 1 });
  const { rows: left } = await database.client.query(
    `SELECT chunk_index::int, piece FROM email_pieces WHERE email_id = $1`,
    [id],
  );
  expect(left).toEqual([{ chunk_index: 0, piece: 'A line.' }]);
});
