import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createEmulator } from '../../support/emulator.ts';
import { createWebhook } from '../../support/webhook.ts';
import { told } from './notify-scene.ts';

test('a run that ended is told of once, with one good line and its numbers', async () => {
  await using hook = await createWebhook();
  await using emulator = await createEmulator();
  await using project = await told(hook.url, emulator.url);
  const summary = await project.summary(1);
  expect(hook.posts).toEqual([
    {
      text: expect.stringMatching(
        /^mail completed with failures, 2 of 3 rows ok, 1 failed, \$\S+\. Next: pipeline errors \S+, then pipeline retry \S+$/,
      ) as string,
      pipeline: 'mail',
      run_id: summary.run_id,
      status: 'completed_with_failures',
      rows: summary.rows,
      cost_usd: summary.cost_usd,
      error: null,
    },
  ]);
  expect((await project.cli('collect', '--quiet')).code).toBe(0);
  expect(hook.posts).toHaveLength(1);
});

test('a webhook that fails is tried twice, warned of without its address, and changes nothing', async () => {
  await using hook = await createWebhook(500, 503);
  await using emulator = await createEmulator();
  await using project = await told(hook.url, emulator.url, { max_failed_rows: 1 });
  const { code, stderr } = await project.run('--json');
  expect(code).toBe(0);
  expect(hook.posts).toHaveLength(2);
  expect(stderr).toContain('Nobody could be told by the webhook of `notify`: it answered 503.');
  expect(stderr).not.toContain('geheim');
  expect(await readFile(join(project.stateDir, 'ledger.db'), 'latin1')).not.toContain('geheim');
  expect((await project.cli('collect', '--quiet')).code).toBe(0);
  expect(hook.posts).toHaveLength(2);
});

test('validate says what is wrong with the block', async () => {
  await using project = await told('slack', 'http://127.0.0.1:9/v1', {
    notify: { webhook: '${HOOK}', on: ['faild'] },
  });
  const { code, stderr } = await project.cli('validate', 'pipeline.yaml');
  expect(code).toBe(2);
  expect(stderr).toContain('notify.webhook  must be an address, https://... or http://...');
  expect(stderr).toContain('notify.on.0  must be one of completed,');
  expect(stderr).toContain('(did you mean failed?)');
});
