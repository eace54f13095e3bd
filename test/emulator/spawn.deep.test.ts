import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { spawnEmulator } from '../../src/emulator/spawn.ts';
import { isFolderFree } from '../../src/emulator/state/folder-lock.ts';
import { startEmulator } from '../../src/emulator/server.ts';
import { connect, createBatch, jsonl, results, temporaryFolder, waitFor } from './client.ts';
import { signal, lines, health } from './spawn-scene.ts';

describe('an emulator goes on where the last one stopped', () => {
  test('when that was killed, with one entry a batch on the bill, and no more lines answered', async () => {
    await using folder = await temporaryFolder();
    const options = { dataDir: folder.path, latencyMs: 3000, signal };
    const first = await spawnEmulator(options);
    const going = await createBatch(connect(first.url), jsonl(...lines));
    const cancelled = await createBatch(connect(first.url), jsonl(...lines));
    await waitFor(connect(first.url), going.id, 'in_progress');
    await waitFor(connect(first.url), cancelled.id, 'in_progress');
    const { request_counts: counts } = await connect(first.url).batches.cancel(cancelled.id);
    process.kill((await health(first.url))?.pid ?? 0, 'SIGKILL');
    await using second = await spawnEmulator(options);
    const client = connect(second.url);
    const ended = await waitFor(client, going.id);
    expect(await results(client, ended.output_file_id)).toHaveLength(500);
    const stopped = await waitFor(client, cancelled.id);
    const done = await results(client, stopped.output_file_id);
    const rest = await results(client, stopped.error_file_id);
    expect(done.length + rest.length).toBe(500);
    expect(Math.abs(done.length - (counts?.completed ?? 0))).toBeLessThan(100);
    const bill = (await readFile(join(folder.path, 'bill.jsonl'), 'utf8')).trim().split('\n');
    const accepted = bill.map((line) => JSON.parse(line) as { event: string; batch_id: string });
    expect(accepted.filter(({ event }) => event === 'accepted').map((entry) => entry.batch_id)).toEqual([
      going.id,
      cancelled.id,
    ]);
    await first[Symbol.asyncDispose]();
  });
});

test('files that expired while no emulator ran are gone, but a batch that reads one ends all the same', async () => {
  await using folder = await temporaryFolder();
  const first = await startEmulator({ dataDir: folder.path, latencyMs: 1000 });
  const client = connect(first.url);
  const expires_after = { anchor: 'created_at', seconds: 3600 } as const;
  const form = { purpose: 'batch', file: new File([jsonl(...lines)], 'x.jsonl'), expires_after } as const;
  const [read, unread] = [await client.files.create(form), await client.files.create(form)];
  const { id } = await client.batches.create({
    input_file_id: read.id,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  });
  await first[Symbol.asyncDispose]();
  const database = new DatabaseSync(join(folder.path, 'emulator.db'));
  database.exec('UPDATE files SET expires_at = 1');
  database.close();
  await using second = await startEmulator({ dataDir: folder.path, latencyMs: 1000 });
  expect((await connect(second.url).files.list()).data).toEqual([]);
  expect(existsSync(join(folder.path, 'files', unread.id))).toBe(false);
  expect((await waitFor(connect(second.url), id)).status).toBe('completed');
});

describe('a spawned emulator', () => {
  test('is shared by those that use its folder, and ends with the last of them', async () => {
    await using folder = await temporaryFolder();
    const options = { dataDir: folder.path, signal };
    const [one, two, three] = await Promise.all([
      spawnEmulator(options),
      spawnEmulator(options),
      spawnEmulator(options),
    ]);
    expect(new Set([one.url, two.url, three.url]).size).toBe(1);
    expect(await health(one.url)).toMatchObject({ users: 3 });
    await one[Symbol.asyncDispose]();
    await one[Symbol.asyncDispose]();
    await two[Symbol.asyncDispose]();
    expect(await health(one.url)).toMatchObject({ users: 1 });
    // The last one leaves while the next one comes.
    const [next] = await Promise.all([spawnEmulator(options), three[Symbol.asyncDispose]()]);
    expect(await health(next.url)).toMatchObject({ users: 1 });
    await next[Symbol.asyncDispose]();
    expect(await health(next.url)).toBeNull();
    expect(await readFile(join(folder.path, 'emulator.log'), 'utf8')).toBe('');
  });

  test('ends when its user is killed, but not while it has another', async () => {
    await using folder = await temporaryFolder();
    const user = fork(fileURLToPath(new URL('./spawning-process.ts', import.meta.url)), [folder.path], {
      execArgv: [],
    });
    const [url] = (await once(user, 'message')) as [string];
    const other = await spawnEmulator({ dataDir: folder.path, signal });
    expect(other.url).toBe(url);
    user.kill('SIGKILL');
    await expect.poll(() => health(url)).toMatchObject({ users: 1 });
    await other[Symbol.asyncDispose]();
    expect(await health(url)).toBeNull();
    await expect.poll(() => isFolderFree(folder.path)).toBe(true);
    const second = fork(fileURLToPath(new URL('./spawning-process.ts', import.meta.url)), [folder.path], {
      execArgv: [],
    });
    const [secondUrl] = (await once(second, 'message')) as [string];
    second.kill('SIGKILL');
    await expect.poll(() => health(secondUrl)).toBeNull();
  });
});
