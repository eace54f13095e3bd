import { execFile } from 'node:child_process';
import { readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sleep } from '../core/async.ts';
import { errorCode } from '../core/errors.ts';

/** A server that answers. */
export interface RunningServer {
  readonly pid: number;
  readonly port: number;
}

export interface PidFile extends RunningServer {
  readonly isReady: boolean;
}

const never = new AbortController().signal;
const patienceMs = 60_000;

/** What the server says of itself in `postmaster.pid`: line 1 its process, line 4 its port, line 8 its state. */
export async function readPidFile(folder: string): Promise<PidFile | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, 'postmaster.pid'), 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  const lines = text.split('\n');
  return { pid: Number(lines[0]), port: Number(lines[3]), isReady: lines[7]?.trim() === 'ready' };
}

/**
 * The server that runs on a data folder, whoever started it; one that is starting or stopping is waited for. A pid file
 * that a crash or a reboot left behind is removed, since its number may be another process's by now, which would keep
 * Postgres from starting. The caller holds the start lock.
 */
export async function findServer(folder: string): Promise<RunningServer | undefined> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const file = await readPidFile(folder);
    if (file === undefined) return undefined;
    if (await answers(file, folder)) return file;
    const isServer = isAlive(file.pid) && (await isPostgres(file.pid));
    if (!isServer || performance.now() > deadline) {
      await rm(join(folder, 'postmaster.pid'), { force: true });
      return undefined;
    }
    await sleep(50, never);
  }
}

export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** Whether the server at that port is the one whose data these are. */
async function answers({ port }: PidFile, folder: string): Promise<boolean> {
  if (!(port > 0)) return false;
  const { default: pg } = await import('pg');
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    database: 'postgres',
    password: '',
    ssl: false,
    connectionTimeoutMillis: 5000,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ folder: string }>(
      "SELECT current_setting('data_directory') AS folder",
    );
    return (await realpath(rows[0]?.folder ?? '')) === (await realpath(folder));
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

async function isPostgres(pid: number): Promise<boolean> {
  try {
    if (process.platform === 'linux')
      return (await readFile(`/proc/${pid}/comm`, 'utf8')).trim() === 'postgres';
    if (process.platform === 'win32') return true;
    const { stdout } = await promisify(execFile)('ps', ['-p', String(pid), '-o', 'comm=']);
    return stdout.trim().endsWith('postgres');
  } catch {
    return false;
  }
}
