import { readFile, symlink, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { allButFirst, createHoldingEmulator } from '../support/held-batches.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { createProxy } from '../support/proxy.ts';

let emulator: TestEmulator;

beforeAll(async () => {
  emulator = await createEmulator();
});

afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
});

async function create(url: string): Promise<PipelineProject> {
  const project = await PipelineProject.create({
    source: { type: 'csv', path: 'notes.csv', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(url),
    batch: { ...promptBatch, max_requests: 2 },
    sink: { type: 'csv', path: 'answers.csv', columns: { answer: 'text' } },
  });
  await project.write('notes.csv', 'id,body\n1,one\n2,two\n3,three\n4,four\n');
  return project;
}

const lines = async (path: string) => (await readFile(path, 'utf8')).split('\n').length - 1;

it('is replaced by all the rows, also after another run has used the same temporary file', async () => {
  const held = allButFirst();
  await using proxy = await createProxy(emulator.url, held.middleware);
  await using project = await create(proxy.url);
  const { child, result } = project.watch(['run', 'pipeline.yaml'], (line) => {
    if (/file 1 done/.test(line)) child.kill('SIGINT');
  });
  expect(await result).toMatchObject({ code: 130 });
  held.release();
  expect(await project.run('--new-run')).toMatchObject({ code: 0 });
  expect(await lines(project.path('answers.csv'))).toBe(5);
  expect(await project.run()).toMatchObject({ code: 0, stderr: expect.stringContaining('resum') });
  expect(await lines(project.path('answers.csv'))).toBe(5);
});

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

it('is not replaced by the rows of a limited run', async () => {
  await using project = await create(emulator.url);
  await writeFile(project.path('answers.csv'), 'old\n');
  for (const flags of [['--limit', '1']]) {
    expect(await project.run(...flags)).toMatchObject({ code: 2, stderr: expect.stringContaining('--set') });
  }
  expect(await readFile(project.path('answers.csv'), 'utf8')).toBe('old\n');
  await project.summary(0, '--limit', '1', '--set', 'sink.path=sample.csv');
  expect(await lines(project.path('sample.csv'))).toBe(2);
});

it('is never one of the files that are read', async () => {
  await using project = await create(emulator.url);
  const notes = await readFile(project.path('notes.csv'), 'utf8');
  await symlink(project.path('notes.csv'), project.path('link.csv'));
  for (const flags of [
    ['--set', 'sink.path=notes.csv'],
    ['--set', 'sink.path=link.csv'],
    ['--set', 'source.path=*s.csv', '--set', 'sink.path=./notes.csv'],
  ]) {
    const { code, stderr } = await project.run(...flags);
    expect([code, stderr]).toEqual([2, expect.stringContaining('is both source and sink')]);
  }
  expect(await readFile(project.path('notes.csv'), 'utf8')).toBe(notes);
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
