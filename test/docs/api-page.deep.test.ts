import { spawn } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { blocksOf, root } from './page-blocks.ts';
import { PageWorld } from './page-world.ts';

let world: PageWorld;

beforeAll(async () => {
  world = await PageWorld.create();
  const installed = join(world.folder, 'node_modules/batchline');
  await mkdir(installed, { recursive: true });
  await symlink(join(root, 'src'), join(installed, 'src'));
  await writeFile(
    join(installed, 'package.json'),
    JSON.stringify({ name: 'batchline', type: 'module', exports: './src/index.ts' }),
  );
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

async function runPage(): Promise<{
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}> {
  const child = spawn(process.execPath, ['tag.ts'], { cwd: world.folder, env: world.env });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [code, out, err] = await Promise.all([ended, child.stdout.toArray(), child.stderr.toArray()]);
  return {
    code,
    out: Buffer.concat(out as Buffer[]).toString(),
    err: Buffer.concat(err as Buffer[]).toString(),
  };
}

test('the program of the page runs as it stands, and says what is wrong with a file', async () => {
  const program = blocksOf('docs/api.md').find(({ language }) => language === 'ts')?.text ?? '';
  await writeFile(join(world.folder, 'tag.ts'), program);
  const pipeline = {
    source: { type: 'csv', path: 'people.csv', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ text }}' },
    provider: { type: 'openai' },
    sink: { type: 'postgres', url: '${DATABASE_URL}', table: 'from_code', key: 'id', create: true },
  };
  await world.write('tickets.yaml', stringify(pipeline));
  const { code, out, err } = await runPage();
  expect(err).toBe('');
  expect(JSON.parse(out)).toEqual({ run: expect.any(String) as string, status: 'completed', ok: 3 });
  expect(code).toBe(0);

  await world.write('tickets.yaml', stringify({ ...pipeline, sink: { ...pipeline.sink, tabel: 'x' } }));
  const faulty = await runPage();
  expect(faulty.code).toBe(2);
  expect(faulty.err).toContain('sink.tabel');
});
