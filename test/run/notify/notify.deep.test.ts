import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openLedger } from '../../../src/ledger/open.ts';
import { createEmulator } from '../../support/emulator.ts';
import { createHoldingEmulator } from '../../support/held-batches.ts';
import { createWebhook } from '../../support/webhook.ts';
import { told } from './notify-scene.ts';

test('what ends before a run began is told without one, and only what is asked for', async () => {
  await using hook = await createWebhook();
  await using emulator = await createEmulator();
  await using project = await told(hook.url, emulator.url);
  await project.summary(1);
  expect((await project.run()).code).toBe(4);
  expect(hook.posts[1]).toMatchObject({
    run_id: null,
    status: 'refused',
    rows: null,
    error: { code: 'already_run' },
    text: expect.stringMatching(/^mail was refused\. Run .* Next: Pass --new-run/) as string,
  });
  const pipeline = JSON.parse(await project.read('pipeline.yaml')) as object;
  await project.write('pipeline.yaml', { ...pipeline, notify: { webhook: '${HOOK}', on: ['completed'] } });
  expect((await project.run()).code).toBe(4);
  expect(hook.posts).toHaveLength(2);
});

test('a run that goes on ending the same way is told of once', async () => {
  await using hook = await createWebhook();
  await using emulator = await createHoldingEmulator();
  await using project = await told(hook.url, emulator.url);
  await project.summary(3, '--no-wait');
  expect(hook.posts).toEqual([]);
  // The rehearsal of the run's sink fails.
  const sink = ['--set', 'sink.path=in.csv/out.jsonl'];
  for (let pass = 0; pass < 2; pass += 1)
    expect((await project.cli('collect', 'pipeline.yaml', ...sink)).code).toBe(2);
  expect(hook.posts).toMatchObject([{ status: 'failed', run_id: expect.any(String) as string }]);
  emulator.release();
  await expect.poll(async () => (await project.cli('collect', '--quiet')).code).toBe(0);
  expect(hook.posts.map(({ status }) => status)).toEqual(['failed', 'completed_with_failures']);
});

test('a process that is killed while it tells leaves it to the next one', async () => {
  await using hook = await createWebhook(0);
  await using emulator = await createEmulator();
  await using project = await told(hook.url, emulator.url);
  const { child, result } = project.start('run', 'pipeline.yaml');
  await expect.poll(() => hook.posts.length, { timeout: 60_000 }).toBe(1);
  child.kill('SIGKILL');
  await result;
  expect((await project.cli('collect', '--quiet')).code).toBe(0);
  expect(hook.posts).toHaveLength(2);
  expect(hook.posts[1]).toEqual(hook.posts[0]);
  expect((await project.cli('collect', '--quiet')).code).toBe(0);
  expect(hook.posts).toHaveLength(2);
});

test('what a process that was killed had noted is told by the next one', async () => {
  await using hook = await createWebhook();
  await using emulator = await createEmulator();
  await using project = await told(hook.url, emulator.url);
  const { run_id: runId } = await project.summary(1);
  {
    await using ledger = await openLedger(project.stateDir);
    await ledger.setStatus(runId, 'completed', Date.now(), { runId, cause: 'x', body: '{"text":"later"}' });
  }
  expect((await project.cli('collect', '--quiet')).code).toBe(0);
  expect(hook.posts[1]).toEqual({ text: 'later' });
  expect((await project.cli('collect', '--quiet')).code).toBe(0);
  expect(hook.posts).toHaveLength(2);
});

test('a run that is cancelled is told of', async () => {
  await using hook = await createWebhook();
  await using emulator = await createHoldingEmulator();
  await using project = await told(hook.url, emulator.url);
  const { run_id: runId } = await project.summary(3, '--no-wait');
  emulator.release();
  expect((await project.cli('cancel', runId)).code).toBe(0);
  expect(hook.posts).toMatchObject([{ status: 'cancelled', run_id: runId }]);
});

test('a run that was late is told of once, as late', async () => {
  await using hook = await createWebhook();
  await using emulator = await createEmulator();
  await using project = await told(hook.url, emulator.url, {
    mode: 'auto',
    auto: { deadline: '1ms' },
    notify: { webhook: '${HOOK}', on: ['late'] },
  });
  const { run_id: runId } = await project.summary(1);
  expect(hook.posts).toMatchObject([{ status: 'late', run_id: runId }]);
  {
    // A process that was killed before it could tell has left nothing but that the run is late.
    const database = new DatabaseSync(project.path('.pipeline/ledger.db'));
    database.exec('DELETE FROM notices');
    database.close();
  }
  expect((await project.cli('retry', runId)).code).toBe(1);
  expect(hook.posts.map(({ status }) => status)).toEqual(['late', 'late']);
  expect((await project.cli('retry', runId)).code).toBe(1);
  expect(hook.posts).toHaveLength(2);
});
