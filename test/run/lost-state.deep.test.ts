import { expect, it } from 'vitest';
import { acceptedBatches } from '../support/bill.ts';
import { jsonResponse, type Middleware } from '../support/proxy.ts';
import { lostScene } from './lost-state-scene.ts';
import { answers, expected, rowCount, runSql, useNotes } from './scene.ts';

useNotes();

const recover = ['recover', 'pipeline.yaml'] as const;

const forget = (batch: object): object => ({ ...batch, metadata: null });

/** A server that takes metadata and forgets it. */
const forgetful: Middleware = async ({ path }, forward) => {
  const response = await forward();
  if (path !== '/batches' && !path.startsWith('/batches/')) return response;
  const found = JSON.parse(response.body.toString()) as { readonly data?: readonly object[] };
  return jsonResponse(
    response.status,
    found.data === undefined ? forget(found) : { ...found, data: found.data.map(forget) },
  );
};

it('knows its batches by their files where a server forgets metadata', async () => {
  await using setting = await lostScene({ batch: { max_requests: 5 } }, forgetful);
  const { project, emulator } = setting;
  expect(await project.run()).toMatchObject({ code: 4, stderr: expect.stringContaining('pipeline recover') });
  expect(await project.cli(...recover)).toMatchObject({ code: 0 });
  expect(await answers()).toEqual(expected(() => 1));
  expect((await project.summary()).rows).toMatchObject({ skipped: rowCount, requested: 0 });
  expect(acceptedBatches(await emulator.bill())).toBe(3);
});

it('adopts by hand what nothing tells to be of this job', async () => {
  await using setting = await lostScene();
  const { project, emulator } = setting;
  const [accepted] = await emulator.bill();
  const id = accepted?.event === 'accepted' ? accepted.batch_id : '';
  const edited = ['--set', 'request.params.temperature=0.5'];
  expect(await project.cli(...recover, ...edited)).toMatchObject({ code: 0 });
  expect(await project.cli(...recover, ...edited, '--batch', 'batch_of_nobody')).toMatchObject({ code: 2 });
  expect(await project.cli(...recover, ...edited, '--batch', id)).toMatchObject({ code: 0 });
  expect(await answers()).toEqual(expected(() => 1));
  expect(await project.cli(...recover, ...edited, '--batch', id)).toMatchObject({ code: 2 });
});

it('passes by answers of rows whose key or text has changed', async () => {
  await using setting = await lostScene();
  const { project } = setting;
  await runSql(`UPDATE notes SET id = id + 100`);
  try {
    // Its batch may have ended by the one look.
    expect([0, 3]).toContain((await project.run('--no-wait')).code);
  } finally {
    await runSql(`UPDATE notes SET id = id - 100`);
  }
});
