import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { spawnEmulator } from '../../src/emulator/spawn.ts';
import { startEmulator } from '../../src/emulator/server.ts';
import { connect, createBatch, jsonl, results, temporaryFolder, waitFor } from './client.ts';
import { signal, lines, health } from './spawn-scene.ts';

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
