import { rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { acceptedBatches } from '../support/bill.ts';
import { lostScene } from './lost-state-scene.ts';
import { jsonResponse, type Middleware } from '../support/proxy.ts';
import { answers, expected, rowCount, runSql, scene, useNotes } from './scene.ts';

useNotes();

it('buys nothing again whose answers wait at the provider, and recover brings them home', async () => {
  await using setting = await lostScene({ batch: { max_requests: 5 } });
  const { project, emulator } = setting;
  const refused = { code: 4, stderr: expect.stringContaining('pipeline recover') };
  expect(await project.run()).toMatchObject(refused);
  expect(await project.run('--limit', '2')).toMatchObject(refused);
  expect(await project.cli('recover', 'pipeline.yaml')).toMatchObject({ code: 0 });
  expect(await answers()).toEqual(expected(() => 1));
  expect((await project.summary()).rows).toMatchObject({ skipped: rowCount, requested: 0 });
  expect(acceptedBatches(await emulator.bill())).toBe(3);
});

it('finds them in a listing that begins with the oldest', async () => {
  const old = Array.from({ length: 150 }, (_, index) => ({
    id: `batch_old${index}`,
    object: 'batch',
    status: 'completed',
    created_at: 1_600_000_000 + index,
    metadata: null,
  }));
  const oldestFirst: Middleware = async ({ method, path, search }, forward) => {
    if (search.includes('after=')) return jsonResponse(200, { data: [], has_more: false });
    const response = await forward();
    if (method !== 'GET' || path !== '/batches') return response;
    const page = JSON.parse(response.body.toString()) as { readonly data: readonly object[] };
    return jsonResponse(200, { ...page, data: [...old, ...page.data.toReversed()], has_more: false });
  };
  await using setting = await lostScene({ batch: { max_requests: 5 } }, oldestFirst);
  const { project, emulator } = setting;
  expect(await project.run()).toMatchObject({ code: 4, stderr: expect.stringContaining('pipeline recover') });
  expect(await project.cli('recover', 'pipeline.yaml')).toMatchObject({ code: 0 });
  expect(await answers()).toEqual(expected(() => 1));
  expect(acceptedBatches(await emulator.bill())).toBe(3);
});

it('holds up no job whose state is lost each night, and asks only for what is still to be had', async () => {
  await using setting = await scene(() => (_request, forward) => forward());
  const { project, emulator } = setting;
  for (const [night, body] of ['note 1', 'a new note', 'a newer note'].entries()) {
    await runSql(`UPDATE notes SET body = '${body}' WHERE id = 1`);
    expect((await project.summary()).rows).toMatchObject({ requested: night === 0 ? rowCount : 1 });
    await rm(project.stateDir, { recursive: true });
  }
  // A row that was lost from the target is still at the provider; the others' older answers are not loaded over it.
  await runSql('DELETE FROM answers WHERE id IN (1, 2)');
  expect(await project.run()).toMatchObject({ code: 4 });
  expect(await project.cli('recover', 'pipeline.yaml')).toMatchObject({ code: 0 });
  expect((await project.summary()).rows).toMatchObject({ skipped: rowCount, requested: 0 });
  expect(acceptedBatches(await emulator.bill())).toBe(3);
  await runSql("UPDATE notes SET body = 'note 1' WHERE id = 1");
});

it('is not held up by a pipeline of the same name that is not the same job', async () => {
  await using setting = await lostScene();
  const other = await setting.project.run('--set', 'sink.table=other_answers');
  expect(other).toMatchObject({ code: 0 });
  await runSql('DROP TABLE other_answers');
});

it('passes by what --new-run was told to, and does not ask again', async () => {
  await using setting = await lostScene();
  const { project } = setting;
  // Its batch may have ended by the one look.
  expect([0, 3]).toContain((await project.run('--new-run', '--no-wait')).code);
  expect(await project.run()).toMatchObject({ code: 0 });
});

it('is not held up by answers that are gone', async () => {
  let isGone = false;
  const gone: Middleware = ({ method, path }, forward) =>
    isGone && method === 'GET' && path.endsWith('/content')
      ? Promise.resolve(jsonResponse(404, { error: { message: 'No such File object', code: null } }))
      : forward();
  await using setting = await lostScene({}, gone);
  isGone = true;
  // Whatever becomes of its own answers, which are as gone.
  await setting.project.run('--no-wait');
  expect(acceptedBatches(await setting.emulator.bill())).toBe(2);
});
