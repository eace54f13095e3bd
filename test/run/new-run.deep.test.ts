import { expect, it } from 'vitest';
import { createHoldingEmulator } from '../support/held-batches.ts';
import { pipeline, project as createProject, rowCount, useNotes } from './scene.ts';

useNotes();

const edited = { request: { prompt: 'Again: {{ body }}' } };

it('leaves the run beside it as it is, which later ones pass by until the edit is undone', async () => {
  await using slow = await createHoldingEmulator();
  await using project = await createProject(slow.url);
  const left = await project.summary(3, '--no-wait');
  slow.release();
  await project.write('pipeline.yaml', pipeline(slow.url, edited));
  expect(await project.run()).toMatchObject({ code: 2, stderr: expect.stringContaining('--new-run') });
  expect((await project.summary(0, '--new-run')).rows).toMatchObject({ ok: rowCount });
  expect((await project.summary()).rows).toMatchObject({ skipped: rowCount, ok: 0 });
  const { stdout } = await project.cli('status', left.run_id, '--json');
  expect(JSON.parse(stdout)).toMatchObject({ status: 'waiting' });
  await project.write('pipeline.yaml', pipeline(slow.url));
  expect(await project.summary()).toMatchObject({ run_id: left.run_id, rows: { ok: rowCount } });
});

it('is what the next run goes on with, where both are of the same requests', async () => {
  await using slow = await createHoldingEmulator();
  await using project = await createProject(slow.url);
  const older = await project.summary(3, '--no-wait');
  const newer = await project.summary(3, '--no-wait', '--new-run');
  slow.release();
  expect((await project.summary()).run_id).toBe(newer.run_id);
  expect((await project.summary()).run_id).toBe(older.run_id);
});
