import { glob, stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { BatchlineError } from '../../core/errors.ts';
import { readError } from './file-input.ts';

export interface FoundFile {
  readonly path: string;
  /** As messages name it. */
  readonly name: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
}

/** The files that a path or glob names, sorted by name. @throws BatchlineError where there is none */
export async function findFiles(path: string, baseDir: string): Promise<readonly FoundFile[]> {
  // A name that exists is meant as it stands, even where it holds a glob's characters.
  const literal = await describe(resolve(baseDir, path), baseDir).catch((error: unknown) => error);
  if (!(literal instanceof Error)) return [literal as FoundFile];
  if (!/[*?[\]{}]/.test(path)) throw literal;
  const names: string[] = [];
  for await (const name of glob(path, { cwd: baseDir })) names.push(name);
  names.sort();
  const files = await Promise.all(names.map((name) => describe(resolve(baseDir, name), baseDir)));
  if (files.length > 0) return files;
  throw new BatchlineError('unreadable_file', `no file matches ${path}`, {
    where: path,
    hint: 'Check `source.path`; it is relative to the pipeline file.',
  });
}

async function describe(path: string, baseDir: string): Promise<FoundFile> {
  const name = relative(baseDir, path) || path;
  try {
    const info = await stat(path);
    if (info.isDirectory()) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' });
    return { path, name, bytes: info.size, modifiedAt: info.mtimeMs };
  } catch (error) {
    throw readError(error, name);
  }
}
