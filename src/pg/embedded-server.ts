import { execFile, spawn, type SpawnOptions } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { chown, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { sleep } from '../core/async.ts';
import { BatchlineError, errorMessage } from '../core/errors.ts';
import type { DataLocation } from './embedded-user.ts';
import { findServer, isAlive, readPidFile, type RunningServer } from './embedded-running.ts';
import { makeFolder } from '../files/make-folder.ts';

const run = promisify(execFile);
const never = new AbortController().signal;
const startTimeoutMs = 60_000;
const stopTimeoutMs = 60_000;

export interface ServerOptions {
  readonly binaries: string;
  readonly location: DataLocation;
  /** Whether data must survive a power cut; tests do without. */
  readonly durable: boolean;
}

/** Makes the data folder, whole or not at all. Does nothing where it exists. */
export async function initialize({ binaries, location, durable }: ServerOptions): Promise<void> {
  const { folder, user } = location;
  if ((await readOrUndefined(join(folder, 'PG_VERSION'))) !== undefined) return;
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await makeFolder(dirname(folder));
  await mkdir(partial, { mode: 0o700 });
  if (user !== undefined) await chown(partial, user.uid, user.gid);
  const flags = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C'];
  const sync = durable ? [] : ['--no-sync'];
  try {
    await run(join(binaries, 'initdb'), ['-D', partial, ...flags, ...sync], childOptions(location, partial));
  } catch (error) {
    throw failed('could not be set up', folder, errorMessage(error), error);
  }
  await rename(partial, folder);
}

/** Starts the server and waits until it accepts connections. The caller holds the start lock. */
export async function launch(options: ServerOptions): Promise<RunningServer> {
  const { folder } = options.location;
  for (let attempt = 1; ; attempt += 1) {
    const exited = await launchOn(await freePort(), options);
    if (exited === undefined) {
      const server = await findServer(folder);
      if (server !== undefined) return server;
    }
    const log = (await readOrUndefined(join(folder, 'server.log'))) ?? '';
    // Another process may take the port between our look and the server's bind; and the processes of a server that
    // was killed may need a moment to notice.
    const mayPass = /Address already in use|shared memory block .* still in use/i.test(log);
    if (attempt === 3 || !mayPass) throw failed('does not start', folder, lastLines(log));
    await sleep(500, never);
  }
}

/** @returns undefined when the server is ready, `'exited'` when it has ended instead */
async function launchOn(port: number, options: ServerOptions): Promise<'exited' | undefined> {
  const { binaries, location, durable } = options;
  const log = openSync(join(location.folder, 'server.log'), 'w', 0o600);
  const network = ['-h', '127.0.0.1', '-p', String(port), '-c', 'unix_socket_directories='];
  const speed = durable
    ? []
    : ['-c', 'fsync=off', '-c', 'synchronous_commit=off', '-c', 'full_page_writes=off'];
  const child = spawn(join(binaries, 'postgres'), ['-D', location.folder, ...network, ...speed], {
    ...childOptions(location, location.folder),
    // The server outlives its starter, and a Ctrl-C at the terminal is not meant for it.
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  // Where the program cannot be run at all there is no pid, and the event must have a listener.
  child.once('error', () => {});
  child.unref();
  const isRunning = (): boolean =>
    child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  const deadline = performance.now() + startTimeoutMs;
  while (isRunning() && performance.now() < deadline) {
    const file = await readPidFile(location.folder);
    if (file?.pid === child.pid && file?.isReady === true) return undefined;
    await sleep(10, never);
  }
  return 'exited';
}

/** Stops a server, ending its sessions ("fast"); resolves when it has written everything down. */
export async function stop(server: RunningServer, { binaries, location }: ServerOptions): Promise<void> {
  if (process.platform === 'win32') {
    await run(join(binaries, 'pg_ctl'), ['stop', '-m', 'fast', '-D', location.folder]);
    return;
  }
  const deadline = performance.now() + stopTimeoutMs;
  try {
    process.kill(server.pid, 'SIGINT');
  } catch {
    return;
  }
  while (isAlive(server.pid) && performance.now() < deadline) await sleep(10, never);
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', resolve);
  });
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** The environment holds API keys and settings for other servers, neither of which is the server's business. */
function childOptions({ user }: DataLocation, folder: string): SpawnOptions {
  const keep = ['PATH', 'SystemRoot', 'TEMP', 'TMP'];
  const kept = keep.flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]] as const],
  );
  return { cwd: folder, env: { ...Object.fromEntries(kept), LC_ALL: 'C', TZ: 'UTC' }, ...user };
}

async function readOrUndefined(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

function lastLines(log: string): string {
  return log.trim().split('\n').slice(-3).join(' / ') || 'it wrote no log';
}

function failed(what: string, folder: string, reason: string, cause?: unknown): BatchlineError {
  return new BatchlineError('embedded_postgres_failed', `the embedded Postgres ${what}: ${reason.trim()}`, {
    where: folder,
    hint: 'Set url to a database of your own (postgres://...) to do without it.',
    cause,
  });
}
