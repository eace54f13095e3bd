import { expect, test } from 'vitest';
import { createDatabase } from '../support/database.ts';
import { createPglite } from '../support/pgvector.ts';
import { blocksOf } from './page-blocks.ts';

/** The queries of docs/embeddings.md, over vectors whose order is known. */

const [onArrays = '', onVectors = ''] = blocksOf('docs/embeddings.md')
  .filter(({ language, text }) => language === 'sql' && text.includes('similarity'))
  .map(({ text }) => text);

const rows = `(1, '1,0,0'), (2, '0,1,0'), (3, '0.8,0.6,0'), (4, '0.6,0,0.8')`;
const nearest = [
  [3, 0.8],
  [4, 0.6],
  [2, 0],
];

interface Found {
  readonly document_id: number | string;
  readonly similarity: number;
}

function rounded(found: readonly Found[]) {
  return found.map(({ document_id, similarity }) => [
    Number(document_id),
    Math.round(similarity * 1e4) / 1e4,
  ]);
}

test('real[] is searched', async () => {
  await using database = await createDatabase();
  await database.client.query(`
    CREATE TABLE document_embeddings AS
      SELECT id AS document_id, ('{' || v || '}')::real[] AS embedding FROM (VALUES ${rows}) t (id, v)`);
  const { rows: found } = await database.client.query<Found>(onArrays);
  expect(rounded(found)).toEqual(nearest);
});

test('pgvector is searched, by an index', async () => {
  const database = await createPglite();
  try {
    await database.exec(`
      CREATE TABLE document_embeddings AS
        SELECT id AS document_id, ('[' || v || ']')::vector(3) AS embedding FROM (VALUES ${rows}) t (id, v)`);
    const results = await database.exec(onVectors);
    expect(rounded(results.at(-1)?.rows as unknown as Found[])).toEqual(nearest);
  } finally {
    await database.close();
  }
});
