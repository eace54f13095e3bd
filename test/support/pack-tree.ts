import { execFile } from 'node:child_process';
import { cp, symlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

export interface PackedTree {
  readonly tarball: string;
  readonly files: readonly string[];
}

/** Packs a copy of the tree that is built just now: what a publisher would send, whatever stands in dist/. */
export async function packTree(tree: string): Promise<PackedTree> {
  await copyTree(tree);
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: tree });
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts'], { cwd: tree });
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  return { tarball: join(tree, packed.filename), files: packed.files.map(({ path }) => path) };
}

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
