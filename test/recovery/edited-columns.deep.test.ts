import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { errorsOf, insertedIds, pipeline, rowCount, scene, useNotes } from '../run/scene.ts';

useNotes();

/** Fails for even ids. */
const oddOnly = { nth: '[0, 1][2 - row.id % 2]' };
/** Fails for multiples of three. */
const noThirds = { nth: 'row.id % 3 == 0 ? [0][3] : 1' };
const insertInto = (columns: object) => ({ sink: { mode: 'insert', columns } });

it('inserts no row twice where columns were edited after a crash between load and record', async () => {
  await using setting = await scene(() => (_request, forward) => forward(), insertInto(oddOnly));
  const { project } = setting;
  const crashed = project.watch(['run', 'pipeline.yaml'], (line) => {
    if (!line.includes('submitted')) return;
    using ledger = new DatabaseSync(project.path('.pipeline/ledger.db'), { timeout: 5000 });
    ledger.exec(`
      CREATE TRIGGER crash BEFORE UPDATE ON chunks WHEN NEW.state = 'loaded'
      BEGIN SELECT RAISE(ABORT, 'crashed'); END`);
  });
  expect(await crashed.result).toMatchObject({ code: 1, stderr: expect.stringContaining('crashed') });
  const odd = Array.from({ length: rowCount / 2 }, (_, index) => 2 * index + 1);
  expect(await insertedIds()).toEqual(odd);

  using ledger = new DatabaseSync(project.path('.pipeline/ledger.db'), { timeout: 5000 });
  ledger.exec('DROP TRIGGER crash');
  const { provider } = JSON.parse(await project.read('pipeline.yaml')) as { provider: { base_url: string } };
  await project.write('pipeline.yaml', pipeline(provider.base_url, insertInto(noThirds)));
  expect((await project.summary(1)).rows).toMatchObject({ ok: 6, failed: 6, pending: 0 });
  expect(await insertedIds()).toEqual(odd);

  const retried = await project.cli('retry', 'pipeline.yaml', '--json');
  expect(JSON.parse(retried.stdout)).toMatchObject({ rows: { ok: 10, failed: 2, pending: 0 } });
  expect(await insertedIds()).toEqual([1, 2, 3, 4, 5, 7, 8, 9, 10, 11]);
  expect(await errorsOf(project)).toMatchObject([{ key: '6' }, { key: '12' }]);
});
