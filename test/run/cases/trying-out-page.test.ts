import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkEveryTarget } from '../../../src/config/every-target.ts';
import type { Host } from '../../../src/core/host.ts';
import { testPipeline } from '../../../src/run/cases/test-pipeline.ts';
import { temporaryFolder } from '../../config/temporary-folder.ts';

const root = join(import.meta.dirname, '../../..');
const { signal } = new AbortController();
const host: Host = { signals: { abort: signal, drain: signal }, emit: () => {} };

/** The YAML of the page that begins so. */
async function yamlOf(start: string): Promise<string> {
  const page = await readFile(join(root, 'docs/trying-out.md'), 'utf8');
  const blocks = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text);
  return blocks.find((text) => text.startsWith(start)) ?? '';
}

test('the test file of the page passes with the example', async () => {
  const pipeline = await readFile(join(root, 'pipelines/nightly-tags.yaml'), 'utf8');
  await using folder = await temporaryFolder({
    'nightly-tags.yaml': pipeline,
    'nightly-tags.test.yaml': await yamlOf('# nightly-tags.test.yaml'),
  });
  const { cases } = await testPipeline(join(folder.path, 'nightly-tags.yaml'), { env: {} }, host);
  expect(cases).toEqual([{ name: null, differences: [] }]);
});

test('the targets of the page fit the example', async () => {
  const pipeline = await readFile(join(root, 'pipelines/nightly-tags.yaml'), 'utf8');
  await using folder = await temporaryFolder({ 'p.yaml': `${pipeline}\n${await yamlOf('targets:')}` });
  const env = { DATABASE_URL: 'postgres://a/b', PROD_URL: 'postgres://c/d' };
  expect(await checkEveryTarget(join(folder.path, 'p.yaml'), { env })).toEqual([]);
});
