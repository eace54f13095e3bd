import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startEmbedded } from '../../src/pg/embedded.ts';

let stateDir: string;

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'batchline-embedded-'));
  await chmod(stateDir, 0o755);
});

afterEach(async () => {
  // Whatever a failed test left running is stopped by the last use.
  await (await startEmbedded(stateDir, { durable: false }))[Symbol.asyncDispose]();
  await rm(stateDir, { recursive: true, force: true });
});

test('starts, keeps its data over a restart, and is stopped by the last use', async () => {
  const first = await startEmbedded(stateDir, { durable: false });
  const second = await startEmbedded(stateDir);
  expect(second.url).toBe(first.url);
  await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
  await first[Symbol.asyncDispose]();
  // Disposing twice is disposing once.
  await first[Symbol.asyncDispose]();
  expect(await query(second.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  await second[Symbol.asyncDispose]();
  expect(await isReachable(second.url)).toBe(false);
  await using third = await startEmbedded(stateDir, { durable: false });
  expect(await query(third.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
});

test('is shared by processes, and stopped by the last of them', async () => {
  const one = startChild();
  const url = await urlOf(one);
  const two = startChild();
  expect(await urlOf(two)).toBe(url);
  await end(one);
  expect(await isReachable(url)).toBe(true);
  await end(two);
  expect(await isReachable(url)).toBe(false);
});

test('processes that start at once share one server', async () => {
  const children = [startChild(), startChild(), startChild()];
  const urls = await Promise.all(children.map(urlOf));
  expect(new Set(urls).size).toBe(1);
  await Promise.all(children.map(end));
  expect(await isReachable(urls[0] ?? '')).toBe(false);
});

test('outlives a starter that is killed, and is adopted', async () => {
  const killed = startChild();
  const url = await urlOf(killed);
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  expect(await isReachable(url)).toBe(true);
  const next = startChild();
  expect(await urlOf(next)).toBe(url);
  await end(next);
  expect(await isReachable(url)).toBe(false);
});

test('starts although a pid file of before a reboot names a process that runs', async () => {
  await (await startEmbedded(stateDir, { durable: false }))[Symbol.asyncDispose]();
  const data = join(stateDir, 'postgres');
  await writeFile(
    join(data, 'postmaster.pid'),
    `${process.pid}\n${data}\n1700000000\n1\n\n127.0.0.1\n\nready\n`,
  );
  await using server = await startEmbedded(stateDir, { durable: false });
  expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('starts after its server was killed', async () => {
  const starter = startChild('durable');
  const url = await urlOf(starter);
  await query(url, 'CREATE TABLE kept AS SELECT 7 AS n');
  const pid = Number((await readFile(join(stateDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]);
  starter.kill('SIGKILL');
  process.kill(pid, 'SIGKILL');
  await using server = await startEmbedded(stateDir, { durable: false });
  expect(await query(server.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
});

function startChild(...options: readonly string[]): ChildProcess {
  const script = join(import.meta.dirname, 'embedded-child.ts');
  return spawn(process.execPath, [script, stateDir, ...options], { stdio: ['pipe', 'pipe', 'inherit'] });
}

async function urlOf(child: ChildProcess): Promise<string> {
  const [chunk] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  return chunk.toString().trim();
}

async function end(child: ChildProcess): Promise<void> {
  child.stdin?.write('end\n');
  await once(child, 'exit');
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows;
  } finally {
    await client.end();
  }
}

async function isReachable(url: string): Promise<boolean> {
  return query(url, 'SELECT 1').then(
    () => true,
    () => false,
  );
}
