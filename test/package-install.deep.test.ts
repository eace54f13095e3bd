import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packTree } from './support/pack-tree.ts';

const run = promisify(execFile);

let folder: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'batchline-install-')));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const pipeline = `source: { type: csv, path: notes.csv, key: id }
request: { endpoint: chat, model: gpt-4o-mini, prompt: '{{ body }}' }
provider: { base_url: emulator }
sink: { type: csv, path: out.csv }
`;

test('what npm pack makes is installed into an empty folder, and runs there', async () => {
  const { tarball } = await packTree(join(folder, 'tree'));
  const app = join(folder, 'app');
  await mkdir(app);
  // Under the Node that runs this test, whichever the machine has.
  const env = {
    ...process.env,
    PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
  };
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', tarball], { cwd: app, env });
  await writeFile(join(app, 'notes.csv'), 'id,body\n1,one\n2,two\n');
  await writeFile(join(app, 'p.yaml'), pipeline);
  const { stdout } = await run('npx', ['pipeline', 'run', 'p.yaml'], { cwd: app, env });
  expect(stdout).toMatch(/2 requested = 2 ok/);
});
