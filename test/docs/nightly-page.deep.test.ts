import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { blocksOf } from './page-blocks.ts';
import { PageWorld } from './page-world.ts';

/** The commands that docs/nightly.md gives to schedulers, run as these would run them. */

const blocks = blocksOf('docs/nightly.md');
let world: PageWorld;

beforeEach(async () => {
  world = await PageWorld.create();
  await world.write(
    'nightly-tags.yaml',
    await readFile(join(world.folder, 'pipelines/nightly-tags.yaml'), 'utf8'),
  );
  await writeFile(join(world.folder, 'batchline.env'), 'SOME=thing\n');
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

async function sh(script: string): Promise<number | null> {
  const child = spawn('bash', ['-e', '-c', script], { cwd: world.folder, env: world.env, stdio: 'ignore' });
  return new Promise((resolve) => child.once('close', resolve));
}

async function tagged(): Promise<number> {
  const { rows } = await world.database.client.query('SELECT FROM ticket_tags');
  return rows.length;
}

test("cron's lines", async () => {
  const lines = blocks
    .filter(({ language }) => language === 'crontab')
    .flatMap(({ text }) => text.trim().split('\n'))
    .map((line) => line.slice(line.indexOf('cd ')))
    .map((line) => line.replace('/srv/tags', '.').replace('/etc/batchline.env', 'batchline.env'));
  const [waiting = '', sending = '', collecting = ''] = lines;
  expect(await sh(sending)).toBe(3);
  await expect.poll(() => sh(collecting)).toBe(0);
  expect(await tagged()).toBe(3);
  expect(await sh(waiting)).toBe(0);
});

test("the workflow's step, before there is a state, at night, and each hour", async () => {
  const text = blocks.find((block) => block.text.startsWith('# .github'))?.text ?? '';
  interface Workflow {
    readonly jobs: { readonly tags: { readonly steps: readonly { readonly run?: string }[] } };
  }
  const script =
    (parse(text) as Workflow).jobs.tags.steps.findLast(({ run }) => run !== undefined)?.run ?? '';
  const at = (cron: string) => sh(script.replace('${{ github.event.schedule }}', cron));
  expect(await at('30 * * * *')).toBe(0);
  expect(await at('0 2 * * *')).toBe(0);
  await expect
    .poll(async () => {
      expect(await at('30 * * * *')).toBe(0);
      return tagged();
    })
    .toBe(3);
});
