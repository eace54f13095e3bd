import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { BatchlineError } from '../../core/errors.ts';

const inodes = new WeakMap<DatabaseSync, bigint>();

/** Notes which file a database is, so that its loss is noticed. */
export function rememberFile(database: DatabaseSync): void {
  const inode = inodeOf(database);
  if (inode !== null) inodes.set(database, inode);
}

/**
 * A file that is deleted takes writes as before, and nobody ever reads them: what is noted must be where the next process
 * will look.
 *
 * @throws BatchlineError `state_gone`
 */
export function requireFile(database: DatabaseSync): void {
  const known = inodes.get(database);
  if (known !== undefined && inodeOf(database) !== known) throw stateGone(dirname(database.location() ?? ''));
}

function stateGone(folder: string): BatchlineError {
  return new BatchlineError(
    'state_gone',
    `The state folder ${folder} was deleted or replaced while it was in use.`,
    {
      where: folder,
      hint: 'Nothing more is noted there. Type the command again.',
      exitCode: 1,
    },
  );
}

function inodeOf(database: DatabaseSync): bigint | null {
  const path = database.location();
  if (path === null) return null;
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino ?? null;
}
