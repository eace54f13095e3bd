import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BatchlineError, errorCode, errorMessage } from '../../core/errors.ts';
import type { ModuleContext, ModuleRow } from '../../core/module-transform.ts';

/** A user's file, imported. */
export interface LoadedModule {
  readonly transform: (row: ModuleRow, context: ModuleContext) => unknown;
  /** SHA-256 of the file's bytes, in hex. */
  readonly hash: string;
  /** ` (tags.ts:12)`: the place in the file that an error comes from, or nothing. */
  placeOf(error: unknown): string;
}

/** @throws BatchlineError where there is no such file, it cannot be imported, or it exports no function */
export async function loadModule(path: string, baseDir: string): Promise<LoadedModule> {
  const file = resolve(baseDir, path);
  const hash = createHash('sha256')
    .update(await readModule(file))
    .digest('hex');
  const url = pathToFileURL(file);
  // Node keeps a module for as long as it runs; an edited one is another.
  url.searchParams.set('sha256', hash.slice(0, 16));
  const exported = await importModule(url, file);
  const transform = exported['default'] ?? exported['transform'];
  if (typeof transform !== 'function') throw noFunction(file);
  return {
    transform: transform as LoadedModule['transform'],
    hash,
    placeOf: (error) => placeIn(url.href, file, error),
  };
}

async function readModule(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const reason = errorCode(error) === 'ENOENT' ? 'there is no such file' : errorMessage(error);
    throw new BatchlineError('module_not_found', `the module cannot be read: ${reason}`, {
      where: file,
      hint: "A module's path starts from the pipeline file's folder.",
      exitCode: 2,
      cause: error,
    });
  }
}

async function importModule(url: URL, file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(/* @vite-ignore */ url.href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new BatchlineError(
      'module_invalid',
      `the module cannot be imported: ${errorMessage(error)}${placeIn(url.href, file, error)}`,
      { where: file, hint: importHint(error, file), exitCode: 2, cause: error },
    );
  }
}

const importHints: Readonly<Record<string, string>> = {
  ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING:
    'Types are not stripped inside node_modules: keep the file elsewhere, or name the JavaScript that the package was built to.',
  ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX:
    'Types are only stripped: enums, namespaces and parameter properties must be written in plain JavaScript.',
  ERR_MODULE_NOT_FOUND:
    'Write a file that it imports with its ending (./words.ts), and install a package beside the pipeline.',
  ERR_UNKNOWN_FILE_EXTENSION: 'The file must end in .ts, .mts, .js or .mjs.',
};

function importHint(error: unknown, file: string): string {
  return importHints[errorCode(error) ?? ''] ?? `\`node ${basename(file)}\` shows where it fails.`;
}

function noFunction(file: string): BatchlineError {
  return new BatchlineError('module_invalid', 'the module exports no function', {
    where: file,
    hint: 'Write `export default function (row) { return { ... } }`.',
    exitCode: 2,
  });
}

/** The line of the first frame in the file; of a syntax error Node's first line names it, without the address. */
function placeIn(href: string, file: string, error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  for (const name of [href, file]) {
    const at = stack.indexOf(`${name}:`);
    const line = /^\d+/.exec(at === -1 ? '' : stack.slice(at + name.length + 1))?.[0];
    if (line !== undefined) return ` (${basename(file)}:${line})`;
  }
  return '';
}
