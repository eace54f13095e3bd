import { statfsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { BatchlineError, errorCode } from '../core/errors.ts';

/** What is left free, so that the ledger can still note how a run was left. */
const reserveBytes = 2_000_000;

/** What the operating system says of a disk that takes no more: no space, no quota, too large a file. */
const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'is full',
  EDQUOT: "takes no more: this user's quota is used up",
  EFBIG: 'takes no larger file',
};

/** SQLite's own codes for it: SQLITE_FULL, and SQLITE_IOERR_SHMSIZE of a file that is mapped into memory. */
const sqliteCodes: ReadonlySet<unknown> = new Set([13, 4874]);

/** The error to show for one that came of a full disk; null where it came of something else. */
export function diskFault(error: unknown, path: string): BatchlineError | null {
  const reason = reasons[isSqliteFull(error) ? 'ENOSPC' : (errorCode(error) ?? '')];
  return reason === undefined ? null : diskFull(path, reason, error);
}

/**
 * To be called before so many bytes are written to a path, so that the disk is not used up to its last block.
 *
 * @throws BatchlineError `disk_full`
 */
export function requireFreeDisk(path: string, bytes: number): void {
  const disk = diskOf(path);
  if (disk !== null && disk.free < bytes + reserveBytes)
    throw diskFull(path, `has too little room for ${size(bytes + reserveBytes)} more`);
}

function isSqliteFull(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && sqliteCodes.has(error.errcode);
}

function diskFull(path: string, reason: string, cause?: unknown): BatchlineError {
  const disk = diskOf(path);
  const room = disk === null ? '' : ` (${size(disk.free)} of ${size(disk.total)} free)`;
  return new BatchlineError('disk_full', `The disk at ${mountOf(path)} ${reason}${room}.`, {
    where: path,
    hint: 'Make room on it and type the same command again; nothing is lost.',
    cause,
  });
}

export function size(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** The room on a path's file system, in bytes; null where it does not tell. */
export function diskOf(path: string): { readonly free: number; readonly total: number } | null {
  try {
    const { bavail, blocks, bsize } = statfsSync(existing(path));
    return { free: bavail * bsize, total: blocks * bsize };
  } catch {
    return null;
  }
}

/** The folder that a path's file system is mounted at. */
export function mountOf(path: string): string {
  let folder = existing(path);
  const device = deviceOf(folder);
  while (dirname(folder) !== folder && deviceOf(dirname(folder)) === device) folder = dirname(folder);
  return folder;
}

/** The path, or the nearest folder above it that is there. */
export function existing(path: string): string {
  let found = resolve(path);
  while (deviceOf(found) === undefined && dirname(found) !== found) found = dirname(found);
  return found;
}

function deviceOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.dev;
}
