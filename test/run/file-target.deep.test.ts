import { readFile, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { createHoldingEmulator } from '../support/held-batches.ts';
import { useFileTarget, emulator, create, lines } from './file-target-scene.ts';

useFileTarget();

it('is not replaced by the rows of a limited build, nor by those of a limited run that is gone on with', async () => {
  await using slow = await createHoldingEmulator();
  await using project = await create(slow.url);
  await writeFile(project.path('answers.csv'), 'old\n');
  const refused = { code: 2, stderr: expect.stringContaining('--limit would replace the whole target') };
  const elsewhere = ['--set', 'sink.path=sample.csv'];
  await project.cli('build', 'pipeline.yaml', '--out', 'out', '--limit', '1');
  await writeFile(project.path('results.jsonl'), '');
  const load = ['load', 'pipeline.yaml', '--results', 'results.jsonl', '--final'];
  expect(await project.cli(...load)).toMatchObject(refused);
  expect(await project.cli(...load, ...elsewhere)).toMatchObject({ code: 1 });

  expect(await project.run('--limit', '2', '--no-wait', ...elsewhere)).toMatchObject({ code: 3 });
  slow.release();
  expect(await project.cli('collect', 'pipeline.yaml')).toMatchObject(refused);
  let code: number | null = 3;
  while (code === 3) ({ code } = await project.cli('collect', 'pipeline.yaml', ...elsewhere));
  expect(code).toBe(0);
  expect(await lines(project.path('sample.csv'))).toBe(3);
  const { run_id: runId } = await project.status();
  expect(await project.cli('load', 'pipeline.yaml', '--run', runId)).toMatchObject(refused);
  expect(await readFile(project.path('answers.csv'), 'utf8')).toBe('old\n');
});

it('is told what --new-run means for it', async () => {
  await using project = await create(emulator.url);
  await project.summary(0);
  const { code, stderr } = await project.run();
  expect([code, stderr]).toEqual([4, expect.stringContaining('files do not keep request_hash')]);
});

it('stays as it is, or away, where too many rows fail, and the run has ended all the same', async () => {
  await using project = await create(emulator.url);
  await project.write('notes.csv', 'id,body\n1,one\n2,\n');
  const { status, rows } = await project.summary(1);
  expect([status, rows.ok, rows.failed]).toEqual(['completed_with_failures', 1, 1]);
  expect(await project.run('--max-failed-rows', '1')).toMatchObject({ code: 4 });
  expect(await project.cli('retry', 'pipeline.yaml', '--max-failed-rows', '1')).toMatchObject({ code: 0 });
  expect(await lines(project.path('answers.csv'))).toBe(2);
});
