import { expect, it } from 'vitest';
import { createEmulator } from '../support/emulator.ts';
import { pipeline, project, useNotes } from './scene.ts';

useNotes();

async function remoteFiles(url: string): Promise<readonly string[]> {
  const response = await fetch(`${url}/files`, { headers: { authorization: 'Bearer test-key' } });
  const { data } = (await response.json()) as { readonly data: readonly { readonly filename: string }[] };
  return data.map(({ filename }) => filename);
}

async function upload(url: string, name: string): Promise<void> {
  const body = new FormData();
  body.set('purpose', 'batch');
  body.set('file', new File(['{}\n'], name));
  await fetch(`${url}/files`, { method: 'POST', body, headers: { authorization: 'Bearer test-key' } });
}

it('deletes what ended runs left, at the provider and here, and nothing of an unfinished one', async () => {
  await using emulator = await createEmulator();
  await using slow = await createEmulator({ latencyMs: 600_000 });
  await using own = await project(emulator.url);
  const { run_id: ended } = await own.summary();
  await own.write('slow.yaml', { ...pipeline(slow.url), name: 'slow' });
  const started = await own.cli('run', 'slow.yaml', '--no-wait', '--full-refresh', '--json');
  expect(started.code).toBe(3);
  const { run_id: unfinished } = JSON.parse(started.stdout) as { run_id: string };
  await upload(emulator.url, 'batchline-20200101-000000-abcdef-1-0123456789ab.jsonl');
  await upload(emulator.url, 'somebody-elses.jsonl');

  expect((await own.cli('gc')).stdout).toContain('Deleted 0 files at providers and the folders of 0 runs');
  const collected = await own.cli('gc', '--older-than', '0ms', '--json');
  expect(collected.code).toBe(0);
  expect(JSON.parse(collected.stdout)).toEqual({ remote_files: 3, folders: [ended] });
  expect(await remoteFiles(emulator.url)).toEqual(['somebody-elses.jsonl']);
  expect(await remoteFiles(slow.url)).toHaveLength(1);
  const files = await own.stateFiles();
  expect(files.filter((file) => file.includes(ended))).toEqual([]);
  expect(files.filter((file) => file.includes(unfinished))).not.toEqual([]);

  const { code, stdout } = await own.cli('runs');
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`${unfinished} +slow +waiting.*\n.*${ended} +\\S+ +completed`));

  const listed = await own.cli('runs', '--json');
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const common = { kind: 'run', target: expect.stringContaining('answers'), started_at: time };
  expect(JSON.parse(listed.stdout)).toMatchObject([
    { ...common, run_id: unfinished, pipeline: 'slow', status: 'waiting', ended_at: null },
    { ...common, run_id: ended, status: 'completed', rows: { ok: 12 }, ended_at: time },
  ]);
});
