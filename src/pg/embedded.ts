import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { waitForLock } from '../files/file-lock.ts';
import { databaseError } from './database-error.ts';
import { embeddedBinaries } from './embedded-binaries.ts';
import { embeddedLock } from './embedded-lock.ts';
import { findServer, type RunningServer } from './embedded-running.ts';
import { initialize, launch, stop, type ServerOptions } from './embedded-server.ts';
import { dataLocation } from './embedded-user.ts';
import { makeFolder } from '../files/make-folder.ts';

export interface EmbeddedServer extends AsyncDisposable {
  readonly url: string;
}

export interface EmbeddedOptions {
  /** false: faster, and lost with the next power cut. For tests. Only counts for whoever starts the server. */
  readonly durable?: boolean;
}

const databaseName = 'batchline';
const usersLock = 'postgres-users.lock';
const startLock = 'postgres-start.lock';

/** This process's use of one state folder's server, however often it was asked for. */
interface Use {
  count: number;
  readonly server: Promise<HeldServer>;
}

interface HeldServer {
  readonly url: string;
  release(): Promise<void>;
}

const uses = new Map<string, Use>();

/**
 * Starts the Postgres of a state folder, or adopts it where it runs already, be it that another process uses it or that
 * the one which did was killed. Disposing the last use, over all processes, stops it.
 *
 * @throws BatchlineError
 */
export async function startEmbedded(
  stateDir: string,
  options: EmbeddedOptions = {},
): Promise<EmbeddedServer> {
  await makeFolder(stateDir);
  const folder = await realpath(stateDir);
  const use = uses.get(folder) ?? { count: 0, server: hold(folder, options.durable ?? true) };
  uses.set(folder, use);
  use.count += 1;
  try {
    const { url } = await use.server;
    return { url, [Symbol.asyncDispose]: once(() => leave(folder, use)) };
  } catch (error) {
    await leave(folder, use);
    throw error;
  }
}

async function leave(folder: string, use: Use): Promise<void> {
  use.count -= 1;
  if (use.count > 0) return;
  if (uses.get(folder) === use) uses.delete(folder);
  const server = await use.server.catch(() => undefined);
  await server?.release();
}

function once(dispose: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= dispose());
}

/**
 * Whoever uses the server holds the users lock shared; whoever stops it holds it exclusively meanwhile, so that nobody
 * can begin to use a server that is about to go.
 */
async function hold(stateDir: string, durable: boolean): Promise<HeldServer> {
  const shared = await embeddedLock(join(stateDir, usersLock), 'shared');
  try {
    using _starting = await embeddedLock(join(stateDir, startLock), 'exclusive');
    const location = await dataLocation(stateDir);
    const options = { binaries: await embeddedBinaries(stateDir, location.user), location, durable };
    await initialize(options);
    const server = (await findServer(location.folder)) ?? (await launch(options));
    const url = await databaseUrl(server);
    return { url, release: () => release(stateDir, shared, options) };
  } catch (error) {
    shared[Symbol.dispose]();
    throw error;
  }
}

async function release(stateDir: string, shared: Disposable, options: ServerOptions): Promise<void> {
  shared[Symbol.dispose]();
  // Asked for a few times, since two that leave at once can be in each other's way.
  using last = await waitForLock(join(stateDir, usersLock), 'exclusive', 100).catch(() => null);
  if (last === null) return;
  const server = await findServer(options.location.folder);
  if (server !== undefined) await stop(server, options);
}

async function databaseUrl({ port }: RunningServer): Promise<string> {
  const { default: pg } = await import('pg');
  const base = `postgres://postgres@127.0.0.1:${port}`;
  const client = new pg.Client({ connectionString: `${base}/postgres`, ssl: false, password: '' });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [databaseName]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${databaseName}`);
    return `${base}/${databaseName}?sslmode=disable`;
  } catch (error) {
    throw databaseError(error, `127.0.0.1:${port}`, 'use the embedded Postgres');
  } finally {
    await client.end().catch(() => {});
  }
}
