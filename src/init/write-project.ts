import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { BatchlineError, errorCode } from '../core/errors.ts';
import { exists } from '../files/exists.ts';
import { makeFolder } from '../files/make-folder.ts';
import type { Variable } from './plan.ts';

/** What a pipeline consists of on disk. */
export interface Project {
  readonly folder: string;
  /** By name; none of them may be there unless `isForced`. */
  readonly files: Readonly<Record<string, string>>;
  /** Copies of what the package holds, which may be written anew. */
  readonly copies: Readonly<Record<string, string>>;
  readonly variables: readonly Variable[];
  readonly isForced: boolean;
  /** Whether values go into `.env`. */
  readonly keepsValues: boolean;
}

/** @throws BatchlineError `file_exists`, before anything is written */
export async function requireFree({
  folder,
  files,
  isForced,
}: Pick<Project, 'folder' | 'files' | 'isForced'>): Promise<void> {
  if (isForced) return;
  for (const name of Object.keys(files)) {
    if (!(await exists(join(folder, name)))) continue;
    throw new BatchlineError('file_exists', `There is a file ${name} already.`, {
      where: join(folder, name),
      hint: 'Choose another --name, or overwrite it with --force.',
      exitCode: 2,
    });
  }
}

/** @returns the files that were written or added to, in order */
export async function writeProject(project: Project): Promise<readonly string[]> {
  const { folder, files, variables, keepsValues } = project;
  await makeFolder(folder);
  await requireFree(project);
  const flag = project.isForced ? 'w' : 'wx';
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { flag });
  for (const [name, text] of Object.entries(project.copies)) await writeFile(join(folder, name), text);
  const written = [...Object.keys(files), ...Object.keys(project.copies)];
  const path = (name: string): string => join(folder, name);
  const examples = variables.map(({ name, example }) => ({ name, value: example }));
  if (await addVariables(path('.env.example'), examples, 0o666)) written.push('.env.example');
  const values = variables.flatMap(({ name, value }) => (value === undefined ? [] : [{ name, value }]));
  if (keepsValues && (await addVariables(path('.env'), values, 0o600))) written.push('.env');
  if (await addIgnored(path('.gitignore'), ['.env', '.pipeline/'])) written.push('.gitignore');
  return written;
}

interface Assignment {
  readonly name: string;
  readonly value: string;
}

/** Adds the variables that a file does not have. @returns whether there were such */
async function addVariables(path: string, wanted: readonly Assignment[], mode: number): Promise<boolean> {
  const before = await textOf(path);
  const present = parseEnv(before);
  const lines = wanted
    .filter(({ name }) => present[name] === undefined)
    .map(({ name, value }) => `${name}=${quoted(value)}`);
  return append(path, before, lines, mode);
}

/** As `parseEnv` reads it back. */
function quoted(value: string): string {
  if (/^[\w:/@.%+&=?,;~!*()-]*$/.test(value)) return value;
  const quote = ["'", '"', '`'].find((each) => !value.includes(each)) ?? "'";
  return `${quote}${value}${quote}`;
}

async function addIgnored(path: string, wanted: readonly string[]): Promise<boolean> {
  const before = await textOf(path);
  const present = new Set(before.split('\n').map((line) => line.trim().replace(/^\/|\/$/g, '')));
  const lines = wanted.filter((line) => !present.has(line.replace(/\/$/, '')));
  return append(path, before, lines, 0o666);
}

async function append(
  path: string,
  before: string,
  lines: readonly string[],
  mode: number,
): Promise<boolean> {
  if (lines.length === 0) return false;
  const start = before === '' || before.endsWith('\n') ? '' : '\n';
  await appendFile(path, `${start}${lines.join('\n')}\n`, { mode });
  return true;
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  }
}
