import { describe, expect, test } from 'vitest';
import { useSplit, database, sentences, counts, create, run, pieces, expected, paid } from './split-scene.ts';

useSplit();

describe('a table whose texts are split', () => {
  test('becomes a row a piece, and counts records beside items', async () => {
    await using project = await create();
    const { rows } = await run(project);
    expect(rows).toMatchObject({ records: 5, read: 19, requested: 19, ok: 19, filtered: 0, skipped: 0 });
    expect(await pieces()).toEqual(expected(counts));
  });

  test('again, after texts have lost and gained pieces: what is new is bought, what is gone is deleted', async () => {
    await using project = await create();
    await run(project);
    const before = (await paid()).length;
    await database.client.query('UPDATE docs SET body = $1 WHERE id = 1', [sentences('doc1', 2)]);
    await database.client.query('UPDATE docs SET body = $1 WHERE id = 2', [sentences('doc2', 3)]);
    await database.client.query('UPDATE docs SET body = $1 WHERE id = 3', [sentences('other', 1)]);
    const { rows } = await run(project);
    // Two sentences more, and another one; the pieces whose text is as it was are not bought again.
    expect(rows).toMatchObject({ records: 5, read: 11, skipped: 8, requested: 3, ok: 3 });
    expect((await paid()).length - before).toBe(3);
    const ids = (await pieces()).map(([id, index]) => `${id}.${index}`);
    expect(ids).toEqual(['1.0', '1.1', '2.0', '2.1', '2.2', '3.0', '4.0', '4.1', '4.2', '5.0', '5.1']);
  });
});

test('a sink key without a column for the piece is a fault of the file', async () => {
  await using project = await create({ sink: { key: ['id'] } });
  const { code, stdout, stderr } = await project.cli('validate', 'pipeline.yaml');
  expect(code).toBe(2);
  expect(stdout + stderr).toContain('sink.key  must name 2 columns');
});
