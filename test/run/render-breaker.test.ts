import { expect, it } from 'vitest';
import { acceptedBatches } from '../support/bill.ts';
import { createEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { pipeline, useNotes } from './scene.ts';

useNotes(400);

const filter = (where: string) => ({ rest: { transforms: [{ type: 'filter', where }] } });

it('sends nothing when a filter fails on each of the first rows, and goes past that where it is told so', async () => {
  await using emulator = await createEmulator();
  await using own = await PipelineProject.create(pipeline(emulator.url, filter('size(id) > 0 || id > 300')));
  const { code, stderr } = await own.run('--quiet');
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /^error: 101 of the first 101 rows failed with expression_failed before they could be sent.*\nhint: .*--no-breaker/,
  );
  expect(acceptedBatches(await emulator.bill())).toBe(0);
  await own.write('pipeline.yaml', pipeline(emulator.url, filter('id > 397')));
  expect((await own.summary(0)).rows).toMatchObject({ read: 400, filtered: 397, ok: 3 });
});

it('the same for a template that fails on most of them', async () => {
  await using emulator = await createEmulator();
  const request = { prompt: '{% if id > 40 %}{{ body.nothing }}{% endif %}{{ body }}' };
  await using own = await PipelineProject.create(pipeline(emulator.url, { request }));
  const { code, stderr } = await own.run('--quiet');
  expect(code).toBe(2);
  expect(stderr).toMatch(/^error: 101 of the first 141 rows failed with template_failed/);
  expect(acceptedBatches(await emulator.bill())).toBe(0);
  const past = await own.summary(1, '--no-breaker', '--set', 'batch.max_requests=200');
  expect(past.rows).toMatchObject({ ok: 40, failed: 360, pending: 0 });
});
