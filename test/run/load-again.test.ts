import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { acceptedBatches } from '../support/bill.ts';
import { createEmulator } from '../support/emulator.ts';
import { answers, expected, pipeline, project, rowCount, useNotes } from './scene.ts';

useNotes();

it('loads saved answers again after an edit of the sink, without a provider', async () => {
  const emulator = await createEmulator();
  await using own = await project(emulator.url, {
    batch: { max_requests: 5 },
    sink: { columns: { answer: 'model', attempt: 'attempt' } },
  });
  const { run_id: runId } = await own.summary();
  expect(acceptedBatches(await emulator.bill())).toBe(3);
  await emulator[Symbol.asyncDispose]();
  await own.write(
    'pipeline.yaml',
    pipeline(emulator.url, { sink: { columns: { answer: 'text', attempt: 'attempt' } } }),
  );
  expect(await own.cli('load', 'pipeline.yaml', '--run', runId, '--quiet')).toMatchObject({
    code: 0,
    stderr: '',
  });
  const loaded = await answers();
  expect(loaded).toEqual(expected(() => 1));
  expect(await own.status()).toMatchObject({ run_id: runId, status: 'completed', rows: { ok: rowCount } });
});

it('writes a file of them too', async () => {
  await using emulator = await createEmulator();
  await using own = await project(emulator.url);
  const { run_id: runId } = await own.summary();
  const sink = { type: 'jsonl', path: 'answers.jsonl', columns: { answer: 'text' } };
  await own.write('pipeline.yaml', { ...pipeline(emulator.url), sink });
  for (const _time of [1, 2]) {
    expect(await own.cli('load', 'pipeline.yaml', '--run', runId, '--quiet')).toMatchObject({ code: 0 });
    const lines = (await readFile(own.path('answers.jsonl'), 'utf8')).trim().split('\n');
    expect(lines).toHaveLength(rowCount);
  }
});

it('wants to know what to load', async () => {
  await using own = await project('http://127.0.0.1:9/v1');
  expect(await own.cli('load', 'pipeline.yaml')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/--results.*--run/),
  });
  expect((await own.cli('load', 'pipeline.yaml', '--run', 'nothing')).code).toBe(2);
});
