import { readFileSync, realpathSync, statSync, type Stats } from 'node:fs';
import { basename, isAbsolute, relative, resolve, sep } from 'node:path';
import { BatchlineError, errorCode } from '../core/errors.ts';
import { longestRow } from '../core/longest-row.ts';
import type { PartFile, PartFiles } from '../core/message-part.ts';

/** In base64, the most bytes that a request has room for. */
const mostBytes = (longestRow / 4) * 3;

/** Characters of base64 that are kept of files that were read last. */
const mostKept = 2 * longestRow;

/** By these the type of a file is known. */
const startBytes = 1024;

interface Kept extends PartFile {
  /** What changes when the file does. */
  readonly state: string;
}

/**
 * Reads the files below a folder, and none that lies elsewhere, whatever way leads there. Reading is synchronous, as
 * rendering is; what was read last is kept, since rows that follow one another often name the same file.
 */
export class FilesBelow implements PartFiles {
  readonly #folder: string;
  /** By path, what was used last at the end. */
  readonly #kept = new Map<string, Kept>();
  #keptLength = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  read(path: string): PartFile {
    const file = this.#find(path);
    const info = readable(path, () => statSync(file));
    checkFile(path, info);
    const state = `${info.ino} ${info.size} ${info.mtimeMs} ${info.ctimeMs}`;
    const kept = this.#take(file, state) ?? load(path, file, state);
    this.#keep(file, kept);
    return kept;
  }

  /** The file itself, behind all links. */
  #find(path: string): string {
    const full = resolve(this.#folder, path);
    // No file's name holds a NUL; Node takes one for a mistake of the program.
    if (path.includes('\0') || !isBelow(this.#folder, full)) throw outside(path);
    return readable(path, () => {
      const file = realpathSync.native(full);
      if (!isBelow(realpathSync.native(this.#folder), file)) throw outside(path);
      return file;
    });
  }

  #take(file: string, state: string): Kept | null {
    const kept = this.#kept.get(file);
    if (kept === undefined) return null;
    this.#forget(file, kept);
    return kept.state === state ? kept : null;
  }

  #keep(file: string, kept: Kept): void {
    this.#kept.set(file, kept);
    this.#keptLength += kept.base64.length;
    for (const [oldest, its] of this.#kept) {
      if (this.#keptLength <= mostKept) return;
      this.#forget(oldest, its);
    }
  }

  #forget(file: string, kept: Kept): void {
    this.#kept.delete(file);
    this.#keptLength -= kept.base64.length;
  }
}

function load(path: string, file: string, state: string): Kept {
  const bytes = readable(path, () => readFileSync(file));
  // A copy: the base64 is kept, and the bytes need not be.
  const start = Buffer.from(bytes.subarray(0, startBytes));
  return { name: basename(file), start, base64: bytes.toString('base64'), state };
}

function isBelow(folder: string, file: string): boolean {
  const way = relative(folder, file);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function checkFile(path: string, info: Stats): void {
  if (!info.isFile()) {
    const what = info.isDirectory() ? 'is a folder' : 'is no regular file';
    throw new BatchlineError('part_not_found', `${shown(path)} ${what}; name a file in the row`);
  }
  if (info.size <= mostBytes) return;
  const size = `${(info.size / 1e6).toFixed(1)} MB, and a request has room for ${mostBytes / 1e6} MB`;
  throw new BatchlineError(
    'part_too_large',
    `${shown(path)} has ${size}; make it smaller, or name one that is`,
  );
}

function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined || error instanceof BatchlineError) throw error;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') {
      const message = `${shown(path)} cannot be read (${code}); see to it that this user may read it`;
      throw new BatchlineError('part_unreadable', message, { cause: error });
    }
    const message = `there is no file ${shown(path)} below the folder of the pipeline file; put it there, or name another in the row`;
    throw new BatchlineError('part_not_found', message, { cause: error });
  }
}

function outside(path: string): BatchlineError {
  const message = `${shown(path)} does not lie below the folder of the pipeline file, and nothing else is read; put the file there, or give a data URL`;
  return new BatchlineError('part_outside', message);
}

function shown(path: string): string {
  return JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}…` : path);
}
