import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach } from 'vitest';
import { startEmbedded } from '../../src/pg/embedded.ts';

export let stateDir: string;

export function startChild(...options: readonly string[]): ChildProcess {
  const script = join(import.meta.dirname, 'embedded-child.ts');
  return spawn(process.execPath, [script, stateDir, ...options], { stdio: ['pipe', 'pipe', 'inherit'] });
}

export async function urlOf(child: ChildProcess): Promise<string> {
  const [chunk] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  return chunk.toString().trim();
}

export async function end(child: ChildProcess): Promise<void> {
  child.stdin?.write('end\n');
  await once(child, 'exit');
}

export async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows;
  } finally {
    await client.end();
  }
}

export async function isReachable(url: string): Promise<boolean> {
  return query(url, 'SELECT 1').then(
    () => true,
    () => false,
  );
}

/** To be called once by each test file. */
export function useEmbedded(): void {
  beforeEach(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'batchline-embedded-'));
    await chmod(stateDir, 0o755);
  });
  afterEach(async () => {
    // Whatever a failed test left running is stopped by the last use.
    await (await startEmbedded(stateDir, { durable: false }))[Symbol.asyncDispose]();
    await rm(stateDir, { recursive: true, force: true });
  });
}
