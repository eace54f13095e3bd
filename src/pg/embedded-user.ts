import { createHash } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { BatchlineError, errorCode } from '../core/errors.ts';

/** The operating system's user that the server runs as. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** `nobody`, which every system has; Postgres refuses to run as root. */
const nobody: ServerUser = { uid: 65_534, gid: 65_534 };

/** What root keeps for servers that cannot reach its own folders. */
export const systemFolder = '/var/lib/batchline';

export interface DataLocation {
  readonly folder: string;
  /** Undefined where the server runs as ourselves. */
  readonly user: ServerUser | undefined;
}

/**
 * Where the server of a state folder keeps its data and as whom it runs. As root that is `nobody` (or whoever owns the
 * data already), and the data stand elsewhere where that user could not get into the state folder. `stateDir` exists.
 *
 * @throws BatchlineError `embedded_postgres_foreign` where the data belong to another user
 */
export async function dataLocation(stateDir: string): Promise<DataLocation> {
  const own = join(await realpath(stateDir), 'postgres');
  const owner = await ownerOf(own);
  if (process.getuid?.() !== 0) {
    if (owner !== undefined && owner.uid !== process.getuid?.() && process.getuid !== undefined)
      foreign(own, owner);
    return { folder: own, user: undefined };
  }
  const user = owner === undefined || owner.uid === 0 ? nobody : owner;
  if (await isReachable(dirname(own), user)) return { folder: own, user };
  const hash = createHash('sha256').update(dirname(own)).digest('hex').slice(0, 16);
  return { folder: join(systemFolder, hash), user: nobody };
}

/** Whether a user may enter a folder and every folder above it. */
export async function isReachable(folder: string, user: ServerUser): Promise<boolean> {
  for (let path = resolve(await realpath(folder)); ; path = dirname(path)) {
    const { mode, uid, gid } = await stat(path);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

async function ownerOf(path: string): Promise<ServerUser | undefined> {
  try {
    const { uid, gid } = await stat(path);
    return { uid, gid };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function foreign(folder: string, owner: ServerUser): never {
  throw new BatchlineError('embedded_postgres_foreign', 'the embedded Postgres belongs to another user', {
    where: folder,
    hint: `Run as the user that made it (its data belong to uid ${owner.uid}), or choose another state folder.`,
  });
}
