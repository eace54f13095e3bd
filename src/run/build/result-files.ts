import { glob, readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { BatchlineError } from '../../core/errors.ts';

const isResults = /\.jsonl(\.gz)?$/;
/** Files of ours that may lie in the same folder. */
const isOurs = /^(requests|rows|followers|failed-rows)/;

/**
 * The result files that some paths name, each a file, a folder or a glob; in the order given, by name within each.
 *
 * @throws BatchlineError `results_missing`
 */
export async function resultFiles(paths: readonly string[]): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const path of paths) {
    const files = await filesAt(path);
    if (files.length === 0) throw missing(path);
    for (const file of files) found.add(resolve(file));
  }
  return [...found];
}

async function filesAt(path: string): Promise<readonly string[]> {
  const known = await stat(path).catch(() => null);
  if (known?.isFile() === true) return [path];
  const names = known?.isDirectory() === true ? await inFolder(path) : await Array.fromAsync(glob(path));
  return names.filter((name) => isResults.test(name) && !isOurs.test(basename(name))).sort();
}

async function inFolder(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).map((name) => join(folder, name));
}

function missing(path: string): BatchlineError {
  return new BatchlineError('results_missing', 'There are no result files here.', {
    where: path,
    hint: 'Give --results the output and error files of the batches: files ending in .jsonl, a folder of them, or a glob.',
    exitCode: 2,
  });
}
