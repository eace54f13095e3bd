import { copyFile, open, rm, stat } from 'node:fs/promises';
import { backup, DatabaseSync } from 'node:sqlite';
import { errorCode } from '../../core/errors.ts';
import { exists } from '../../files/exists.ts';
import { makeFolder } from '../../files/make-folder.ts';
import { ledgerPath } from '../ledger-path.ts';

/** Of a log of SQLite's: what tells whether it was begun anew. */
const headerBytes = 32;

const mostTries = 5;

/**
 * Copies the ledger of a state folder, where there is one, without writing there: SQLite itself, which only reads a
 * database, makes files beside it, or changes those that a killed process has left.
 */
export async function copyLedger(stateDir: string, to: string): Promise<void> {
  const path = ledgerPath(stateDir);
  if (!(await exists(path))) return;
  await makeFolder(to, 0o700);
  const copy = ledgerPath(to);
  for (let tries = 0; tries < mostTries; tries += 1) {
    const before = await stampOf(path);
    await copyBoth(path, copy);
    if ((await stampOf(path)) === before) return;
  }
  await rm(`${copy}-wal`, { force: true });
  using database = new DatabaseSync(path, { readOnly: true, timeout: 10_000 });
  await backup(database, copy);
}

/** The log only grows until it is written into the database; a piece at its end that was copied half is passed over. */
async function copyBoth(path: string, copy: string): Promise<void> {
  await copyFile(path, copy);
  await copyFile(`${path}-wal`, `${copy}-wal`).catch(async (error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error;
    await rm(`${copy}-wal`, { force: true });
  });
}

/** Changes whenever something of the log was written into the database. */
async function stampOf(path: string): Promise<string> {
  const { mtimeNs, size } = await stat(path, { bigint: true });
  return `${mtimeNs} ${size} ${await headerOf(`${path}-wal`)}`;
}

async function headerOf(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headerBytes), 0, headerBytes, 0);
    return buffer.toString('hex', 0, bytesRead);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  }
}
