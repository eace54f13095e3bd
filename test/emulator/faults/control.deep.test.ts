import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { FaultsInput } from '../../../src/emulator/faults/faults.ts';
import { spawnEmulator } from '../../../src/emulator/spawn.ts';
import { startEmulator } from '../../../src/emulator/server.ts';
import {
  chatBody,
  connect,
  createBatch,
  jsonl,
  requestLine,
  results,
  runBatch,
  setFaults,
  startTestEmulator,
  temporaryFolder,
  waitFor,
} from '../client.ts';

const { signal } = new AbortController();
const lines = jsonl(
  ...Array.from({ length: 10 }, (_, row) => requestLine(`r${row}`, chatBody(`row ${row}`))),
);
const rejectAll: FaultsInput = { batches: [{ fault: 'rejected', code: 'no' }] };

async function shownFaults(url: string): Promise<{ faults: FaultsInput; tallies: Record<string, unknown> }> {
  const reply = await fetch(new URL('/emulator/faults', url));
  return (await reply.json()) as { faults: FaultsInput; tallies: Record<string, unknown> };
}

describe('faults of a running emulator', () => {
  test('are set, shown with what they did, and taken away', async () => {
    await using server = await startTestEmulator();
    const { url } = server.emulator;
    expect(await shownFaults(url)).toEqual({ faults: {}, tallies: {} });
    expect((await setFaults(url, 'http:\n  - { fault: status, status: 500, every: 2 }\n')).status).toBe(200);
    await server.client.batches.list();
    await expect(server.client.batches.list()).rejects.toMatchObject({ status: 500 });
    expect(await shownFaults(url)).toEqual({
      faults: { http: [{ fault: 'status', status: 500, every: 2 }] },
      tallies: { 'http[0]': { seen: 2, hits: 1 } },
    });
    await fetch(new URL('/emulator/faults', url), { method: 'DELETE' });
    expect(await shownFaults(url)).toEqual({ faults: {}, tallies: {} });
  });

  test('are refused where they are none, and the others stay', async () => {
    await using server = await startTestEmulator({ faults: rejectAll });
    const reply = await setFaults(server.emulator.url, 'rows: [{ fault: status }]');
    expect(reply.status).toBe(400);
    const { error } = (await reply.json()) as { error: object };
    expect(error).toMatchObject({
      code: 'invalid_faults',
      message: expect.stringContaining('faults:1:8  rows[0].status  is required'),
    });
    expect((await shownFaults(server.emulator.url)).faults).toEqual(rejectAll);
  });

  test('leave a batch to what was decided when it was created', async () => {
    await using server = await startTestEmulator({ latencyMs: 200 });
    const spared = await createBatch(server.client, lines);
    await setFaults(server.emulator.url, { rows: [{ fault: 'missing', every: 2 }] });
    const hit = await createBatch(server.client, lines);
    await setFaults(server.emulator.url, {});
    const [first, second] = [await waitFor(server.client, spared.id), await waitFor(server.client, hit.id)];
    expect(await results(server.client, first.output_file_id)).toHaveLength(10);
    expect(await results(server.client, second.output_file_id)).toHaveLength(5);
  });

  test('are counted anew for those that are set', async () => {
    await using server = await startTestEmulator({
      faults: { batches: [{ fault: 'rejected', code: 'a', times: 1 }] },
    });
    expect((await runBatch(server.client, lines)).status).toBe('failed');
    expect((await runBatch(server.client, lines)).status).toBe('completed');
    await setFaults(server.emulator.url, { batches: [{ fault: 'rejected', code: 'b', batches: 1 }] });
    expect((await runBatch(server.client, lines)).status).toBe('failed');
    expect((await runBatch(server.client, lines)).status).toBe('completed');
  });
});

describe('after a restart', () => {
  test('what was decided, counted and hidden stays so', async () => {
    await using folder = await temporaryFolder();
    const options = {
      dataDir: folder.path,
      latencyMs: 300,
      faults: {
        rows: [{ fault: 'status', status: 429, custom_ids: ['r1'], attempts: 1 }],
        batches: [
          { fault: 'expired', after: 0.5, times: 1 },
          { fault: 'late_files', batches: 2 },
        ],
        http: [{ fault: 'status', status: 500, on: 'list_models', times: 1 }],
      } satisfies FaultsInput,
    };
    const first = await startEmulator(options);
    const client = connect(first.url);
    await expect(client.models.list()).rejects.toMatchObject({ status: 500 });
    const expiring = await createBatch(client, lines);
    const late = await runBatch(client, lines);
    await first[Symbol.asyncDispose]();
    await using second = await startEmulator(options);
    const again = connect(second.url);
    expect(await waitFor(again, expiring.id)).toMatchObject({ status: 'expired' });
    await expect(again.files.content(late.output_file_id ?? '')).rejects.toMatchObject({ status: 404 });
    await again.models.list();
    // Neither the first batch nor the first attempt of its rows any more.
    const third = await runBatch(again, lines);
    expect(third).toMatchObject({ status: 'completed', request_counts: { completed: 10, failed: 0 } });
  });

  test('an execution that is repeated counts no attempt twice', async () => {
    await using folder = await temporaryFolder();
    const options = {
      dataDir: folder.path,
      faults: {
        rows: [{ fault: 'status', status: 429, attempts: 1 }],
        batches: [{ fault: 'stuck', status: 'finalizing', for: '500ms' }],
      } satisfies FaultsInput,
      latencyMs: 0,
    };
    const first = await startEmulator(options);
    const { id } = await createBatch(connect(first.url), lines);
    await waitFor(connect(first.url), id, 'finalizing');
    await first[Symbol.asyncDispose]();
    await using second = await startEmulator(options);
    expect((await waitFor(connect(second.url), id)).request_counts).toEqual({
      total: 10,
      completed: 0,
      failed: 10,
    });
  });

  test('faults that were set meanwhile stay, where it is started with the same as before', async () => {
    await using folder = await temporaryFolder();
    const options = { dataDir: folder.path, latencyMs: 0 };
    const start = async (faults?: FaultsInput): Promise<FaultsInput> => {
      await using emulator = await startEmulator(faults === undefined ? options : { ...options, faults });
      return (await shownFaults(emulator.url)).faults;
    };
    expect(await start(rejectAll)).toEqual(rejectAll);
    const emulator = await startEmulator({ ...options, faults: rejectAll });
    await setFaults(emulator.url, { seed: 3 });
    await emulator[Symbol.asyncDispose]();
    expect(await start(rejectAll)).toEqual({ seed: 3 });
    expect(await start()).toEqual({});
    expect(await start(rejectAll)).toEqual(rejectAll);
  });
});

describe('an emulator in a process of its own', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test('remembers all of it when it is killed', async () => {
    await using folder = await temporaryFolder();
    const options = { dataDir: folder.path, latencyMs: 0, faults: { seed: 1 }, signal };
    const first = await spawnEmulator(options);
    await setFaults(first.url, {
      rows: [{ fault: 'missing', custom_ids: ['r1'], attempts: 1 }],
      batches: [{ fault: 'stuck', status: 'finalizing', times: 1 }],
      http: [{ fault: 'cut', on: 'create_batch', effect: 'done', times: 1 }],
    });
    await expect(createBatch(connect(first.url), lines)).rejects.toThrow('Connection error.');
    const [cut] = (await connect(first.url).batches.list()).data;
    await waitFor(connect(first.url), cut?.id ?? '', 'finalizing');
    const health = await fetch(new URL('/emulator/health', first.url));
    process.kill(((await health.json()) as { pid: number }).pid, 'SIGKILL');
    await using second = await spawnEmulator(options);
    const client = connect(second.url);
    expect((await client.batches.retrieve(cut?.id ?? '')).status).toBe('finalizing');
    const next = await runBatch(client, lines);
    expect(await results(client, next.output_file_id)).toHaveLength(10);
    await client.batches.cancel(cut?.id ?? '');
    const ended = await waitFor(client, cut?.id ?? '');
    expect(await results(client, ended.output_file_id)).toHaveLength(9);
    await first[Symbol.asyncDispose]();
  });

  test('is given faults, however many', async () => {
    await using folder = await temporaryFolder();
    const custom_ids = ['r3', ...Array.from({ length: 20_000 }, (_, row) => `another-row-${row}`)];
    await using emulator = await spawnEmulator({
      dataDir: folder.path,
      latencyMs: 0,
      faults: { rows: [{ fault: 'missing', custom_ids }] },
      signal,
    });
    const client = connect(emulator.url);
    const { output_file_id: id } = await runBatch(client, lines);
    const found = (await results(client, id)).map((line) => line.custom_id);
    expect(found).toHaveLength(9);
    expect(found).not.toContain('r3');
  });

  test('takes them from a file that the environment names', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'faults.yaml');
    await writeFile(path, 'batches: [{ fault: rejected, code: from_file }]');
    vi.stubEnv('BATCHLINE_EMULATOR_FAULTS', path);
    await using emulator = await spawnEmulator({ dataDir: join(folder.path, 'data'), latencyMs: 0, signal });
    expect((await runBatch(connect(emulator.url), lines)).errors?.data?.[0]?.code).toBe('from_file');
    await writeFile(path, 'batches: [{ fault: reject }]');
    await expect(spawnEmulator({ dataDir: join(folder.path, 'other'), signal })).rejects.toMatchObject({
      code: 'invalid_faults',
      message: expect.stringContaining('did you mean rejected?'),
    });
  });

  test('says what is wrong with the faults that it was given', async () => {
    await using folder = await temporaryFolder();
    const faults = { rows: [{ fault: 'missing', fraction: 2 }] } satisfies FaultsInput;
    await expect(spawnEmulator({ dataDir: folder.path, faults, signal })).rejects.toThrow(
      'rows[0].fraction  must be at most 1',
    );
  });
});
