import { rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { holdBatches } from '../support/held-batches.ts';
import { rowCount, scene, useNotes } from './scene.ts';

useNotes();

it('says which batches it leaves alone, since nothing tells what they are for', async () => {
  await using setting = await scene(() => holdBatches().middleware);
  const { project: own, emulator } = setting;
  await own.summary(3, '--no-wait');
  await rm(own.stateDir, { recursive: true });
  const headers = { authorization: 'Bearer test-key' };
  const listed = await fetch(`${emulator.url}/files`, { headers });
  const { data } = (await listed.json()) as { readonly data: readonly { readonly id: string }[] };
  for (const { id } of data) await fetch(`${emulator.url}/files/${id}`, { method: 'DELETE', headers });
  expect(await own.cli('recover', 'pipeline.yaml')).toMatchObject({
    code: 1,
    stdout: '1 batches were left alone: it is not known which rows they hold.\n',
    stderr: expect.stringMatching(/no longer has the input file of batch \w+/),
  });
});

it('replaces no file by what it finds, which may not be every row', async () => {
  const held = holdBatches();
  const file = { type: 'csv', path: 'answers.csv', columns: { answer: 'text' } };
  await using setting = await scene(() => held.middleware, {
    batch: { max_requests: 5 },
    sink: { ...file, url: undefined, table: undefined, create: undefined },
  });
  const { project: own } = setting;
  await own.summary(3, '--no-wait');
  await rm(own.stateDir, { recursive: true });
  await own.write('answers.csv', 'id,answer\n1,of yesterday\n');
  const refused = { code: 2, stderr: expect.stringContaining('--set sink.path=recovered.csv') };
  expect(await own.cli('recover', 'pipeline.yaml')).toMatchObject(refused);
  const redirected = ['--set', 'sink.path=recovered.csv'];
  expect(await own.cli('recover', 'pipeline.yaml', '--no-wait', ...redirected)).toMatchObject({ code: 3 });
  expect(await own.run()).toMatchObject(refused);
  expect(await own.cli('collect', 'pipeline.yaml')).toMatchObject(refused);
  held.release();
  expect(await own.cli('recover', 'pipeline.yaml', ...redirected)).toMatchObject({ code: 0 });
  expect(await own.read('answers.csv')).toBe('id,answer\n1,of yesterday\n');
  expect((await own.read('recovered.csv')).trimEnd().split('\n')).toHaveLength(1 + rowCount);
});
