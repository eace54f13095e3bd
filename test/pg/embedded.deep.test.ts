import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startEmbedded } from '../../src/pg/embedded.ts';
import { useEmbedded, stateDir, startChild, urlOf, end, query, isReachable } from './embedded-scene.ts';

useEmbedded();

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
