import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { spawnEmulator } from '../../src/emulator/spawn.ts';
import { isFolderFree } from '../../src/emulator/state/folder-lock.ts';
import { startEmulator } from '../../src/emulator/server.ts';
import {
  chatBody,
  connect,
  createBatch,
  jsonl,
  requestLine,
  results,
  temporaryFolder,
  waitFor,
} from './client.ts';

const { signal } = new AbortController();
const lines = Array.from({ length: 500 }, (_, row) => requestLine(`r${row}`, chatBody(`row ${row}`)));

async function health(url: string): Promise<{ pid: number; users: number } | null> {
  const reply = await fetch(new URL('/emulator/health', url)).catch(() => null);
  return reply === null ? null : ((await reply.json()) as { pid: number; users: number });
}

describe('an emulator goes on where the last one stopped', () => {
  test('when that was disposed', async () => {
    await using folder = await temporaryFolder();
    const options = { dataDir: folder.path, latencyMs: 1500 };
    const first = await startEmulator(options);
    const batch = await createBatch(connect(first.url), jsonl(...lines));
    await waitFor(connect(first.url), batch.id, 'in_progress');
    await first[Symbol.asyncDispose]();
    await using second = await startEmulator(options);
    const client = connect(second.url);
    expect((await client.batches.list()).data.map(({ id }) => id)).toEqual([batch.id]);
    const ended = await waitFor(client, batch.id);
    expect(await results(client, ended.output_file_id)).toHaveLength(500);
  });

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

test('a half-written entry of the bill is dropped, and an accepted batch that is not on it is added', async () => {
  await using folder = await temporaryFolder();
  const options = { dataDir: folder.path, latencyMs: 60_000 };
  const first = await startEmulator(options);
  const { id } = await createBatch(connect(first.url), jsonl(...lines));
  await first[Symbol.asyncDispose]();
  const path = join(folder.path, 'bill.jsonl');
  const whole = await readFile(path, 'utf8');
  await writeFile(path, whole.slice(0, -200));
  const database = new DatabaseSync(join(folder.path, 'emulator.db'));
  database.exec("UPDATE batches SET record = json_set(record, '$.billed', json('false'))");
  database.close();
  for (let start = 0; start < 2; start += 1) {
    await using _again = await startEmulator(options);
    expect(await readFile(path, 'utf8')).toBe(whole);
  }
  expect(whole).toContain(id);
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

  test('is joined where a server was started on the folder, which then stays', async () => {
    await using folder = await temporaryFolder();
    await using server = await startEmulator({ dataDir: folder.path });
    const joined = await spawnEmulator({ dataDir: folder.path, signal });
    expect(joined.url).toBe(server.url);
    await joined[Symbol.asyncDispose]();
    expect(await health(server.url)).toMatchObject({ users: 0 });
  });

  test('is not started when the signal is aborted', async () => {
    await using folder = await temporaryFolder();
    const reason = new Error('stopped');
    await expect(spawnEmulator({ dataDir: folder.path, signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
  });
});
