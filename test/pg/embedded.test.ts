import { once } from 'node:events';
import { expect, test } from 'vitest';
import { startEmbedded } from '../../src/pg/embedded.ts';
import { useEmbedded, stateDir, startChild, urlOf, end, query, isReachable } from './embedded-scene.ts';

useEmbedded();

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
