import { execFileSync, spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A PgBouncer in transaction mode with two server connections a database. */
export interface PgBouncer extends AsyncDisposable {
  /** A database's URL, through it. */
  through(databaseUrl: string): string;
}

/** Whether `pgbouncer` is installed. */
export function hasPgBouncer(): boolean {
  try {
    execFileSync('pgbouncer', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** @param serverUrl the server to stand in front of, whose users need no password */
export async function startPgBouncer(serverUrl: string): Promise<PgBouncer> {
  const folder = await mkdtemp(join(tmpdir(), 'batchline-pgbouncer-'));
  const { hostname, port: serverPort, username } = new URL(serverUrl);
  const port = await freePort();
  const config = join(folder, 'pgbouncer.ini');
  await writeFile(config, settings({ hostname, serverPort, port, users: join(folder, 'users.txt') }));
  await writeFile(join(folder, 'users.txt'), `"${username}" ""\n`);
  await chmod(folder, 0o755);
  // It refuses to run as root.
  const asRoot = process.getuid?.() === 0;
  const child = spawn('pgbouncer', [...(asRoot ? ['-u', 'nobody'] : []), config], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('close', resolve));
  await listening(port);
  return {
    through(databaseUrl) {
      const url = new URL(databaseUrl);
      url.host = `127.0.0.1:${port}`;
      return url.href;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Places {
  readonly hostname: string;
  readonly serverPort: string;
  readonly port: number;
  readonly users: string;
}

function settings({ hostname, serverPort, port, users }: Places): string {
  return `
[databases]
* = host=${hostname} port=${serverPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = transaction
default_pool_size = 2
max_client_conn = 50
`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = createConnection({ port, host: '127.0.0.1' });
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('close', () => socket.destroy());
    });
    if (isThere) return;
    await sleep(50);
  }
  throw new Error('PgBouncer does not listen.');
}
