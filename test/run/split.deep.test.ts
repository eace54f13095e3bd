import { describe, expect, test } from 'vitest';
import { Random } from '../../src/emulator/random.ts';
import type { RunSummary } from '../../src/run/summary.ts';
import { earlyMoment, runKilled } from '../recovery/killed-run.ts';
import { useSplit, database, sentences, counts, create, run, pieces, expected, paid } from './split-scene.ts';

useSplit();

describe('a table whose texts are split', () => {
  test('a first piece that is filtered or fails has the pieces behind the last deleted all the same', async () => {
    await using project = await create({
      transforms: [{ type: 'filter', where: 'chunk_index > 0 || size(body) > 5' }],
    });
    await run(project);
    await database.client.query("UPDATE docs SET body = 'cat' WHERE id = 3");
    await database.client.query('UPDATE docs SET body = NULL WHERE id = 4');
    const { rows } = await run(project);
    expect(rows).toMatchObject({ records: 5, read: 9, filtered: 2, skipped: 7, requested: 0 });
    const ids = (await pieces())
      .filter(([id]) => id === '3' || id === '4')
      .map(([id, index]) => `${id}.${index}`);
    expect(ids).toEqual(['3.0', '4.0']);
  });

  test('pieces that something refers to stay: their record fails if it is sent, else a warning names it', async () => {
    await using project = await create();
    await run(project);
    await database.client.query(`
      CREATE TABLE notes (id bigint, chunk_index int, FOREIGN KEY (id, chunk_index) REFERENCES pieces);
      INSERT INTO notes VALUES (1, 3), (3, 8)`);
    await database.client.query('UPDATE docs SET body = $1 WHERE id = 1', [sentences('doc1', 2)]);
    await database.client.query('UPDATE docs SET body = $1 WHERE id = 3', [sentences('other', 1)]);
    await database.client.query('UPDATE docs SET body = $1 WHERE id = 4', [sentences('other', 2)]);
    const { code, stderr, stdout } = await project.cli('run', 'pipeline.yaml', '--json');
    expect({ code, rows: (JSON.parse(stdout) as RunSummary).rows }).toMatchObject({
      code: 1,
      rows: { requested: 3, ok: 2, failed: 1 },
    });
    expect(stderr).toContain('Pieces that 1 record no longer has stay in the target, such as those of 1: ');
    const errors = await project.cli('errors', (JSON.parse(stdout) as RunSummary).run_id, '--json');
    expect(JSON.parse(errors.stdout)).toMatchObject({ stage: 'load', code: 'foreign_key_violation' });
    const left = Map.groupBy(await pieces(), ([id]) => id);
    expect(Array.from(left, ([id, { length }]) => [id, length])).toEqual([
      ['1', 4],
      ['2', 1],
      ['3', 9],
      ['4', 2],
      ['5', 2],
    ]);

    await database.client.query('DELETE FROM notes');
    await project.cli('retry', (JSON.parse(stdout) as RunSummary).run_id);
    await run(project);
    expect(await pieces()).toHaveLength(2 + 1 + 1 + 2 + 2);
  });

  test('a filter behind it drops pieces and no more', async () => {
    await using project = await create({ transforms: [{ type: 'filter', where: 'chunk_index == 1' }] });
    const { rows } = await run(project);
    expect(rows).toMatchObject({ records: 5, read: 19, filtered: 15, requested: 4, ok: 4 });
    expect(await pieces()).toEqual(expected(counts).filter(([, index]) => index === 1));
  });

  test('--limit counts records', async () => {
    await using project = await create();
    expect((await run(project, '--limit', '3')).rows).toMatchObject({ records: 3, read: 14, ok: 14 });
  });

  test.each([
    ['a table', {}],
    ['a query', { table: undefined, query: 'SELECT * FROM docs', on_duplicate_key: 'first' }],
  ])('%s, the run killed again and again, is complete and paid once', async (_, source) => {
    const random = new Random(7);
    await using project = await create({ source });
    const before = (await paid()).length;
    for (let kill = 0; kill < 4; kill += 1)
      if ((await runKilled(project, earlyMoment(random))) !== null) break;
    const { rows } = await run(project);
    expect(rows).toMatchObject({ records: 5, read: 19, requested: 19, ok: 19 });
    expect(await pieces()).toEqual(expected(counts));
    const lines = (await paid()).slice(before);
    expect(lines).toHaveLength(19);
    expect(new Set(lines).size).toBe(19);
  });

  test('a second row of one key is found, whatever pieces it has', async () => {
    await using project = await create({
      source: { table: undefined, query: 'SELECT id / 2 AS id, body FROM docs' },
    });
    const { code, stderr } = await project.cli('run', 'pipeline.yaml');
    expect(code).toBe(2);
    expect(stderr).toContain('Two rows have the key "1"');
  });
});

test('a file has a line a piece', async () => {
  await using project = await create({
    sink: { type: 'jsonl', path: 'pieces.jsonl', url: undefined, table: undefined, create: undefined },
  });
  expect((await run(project)).rows).toMatchObject({ records: 5, ok: 19 });
});
