import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { FaultsInput } from '../../../src/emulator/faults/faults.ts';
import { acceptedBatches, readBill } from '../../support/bill.ts';
import {
  chatBody,
  createBatch,
  jsonl,
  requestLine,
  runBatch,
  startTestEmulator,
  upload,
  waitFor,
  type TestEmulator,
} from '../client.ts';

const content = jsonl(
  ...Array.from({ length: 200 }, (_, row) => requestLine(`r${row}`, chatBody(`row ${row}`))),
);

async function startWith(...http: NonNullable<FaultsInput['http']>): Promise<TestEmulator> {
  return startTestEmulator({ faults: { seed: 1, http } });
}

/** A call's status; 0 where the connection ended without a reply. */
async function statusOf(server: TestEmulator, path = '/batches'): Promise<number> {
  const reply = await call(server, path).catch(() => null);
  await reply?.arrayBuffer();
  return reply?.status ?? 0;
}

async function call(server: TestEmulator, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${server.emulator.url}${path}`, { ...init, headers: { authorization: 'Bearer x' } });
}

async function statuses(server: TestEmulator, count: number, path?: string): Promise<number[]> {
  const found: number[] = [];
  for (let index = 0; index < count; index += 1) found.push(await statusOf(server, path));
  return found;
}

describe('calls are chosen', () => {
  test('as every Nth', async () => {
    await using server = await startWith({ fault: 'status', status: 503, every: 3 });
    expect(await statuses(server, 7)).toEqual([200, 200, 503, 200, 200, 503, 200]);
  });

  test('in bursts, some times', async () => {
    await using server = await startWith({ fault: 'status', status: 429, every: 4, burst: 2, times: 3 });
    expect((await statuses(server, 12)).join(' ')).toBe('200 200 429 429 200 200 429 200 200 200 200 200');
  });

  test('by their numbers, from some call on, or from some time on', async () => {
    await using server = await startWith(
      { fault: 'status', status: 500, on: 'list_batches', requests: [1, 3] },
      { fault: 'status', status: 401, on: 'list_models', after: 2 },
      { fault: 'status', status: 401, on: 'list_files', after: '1s' },
      { fault: 'status', status: 401, on: 'show_file', after: '1h' },
    );
    expect(await statuses(server, 4)).toEqual([500, 200, 500, 200]);
    expect(await statuses(server, 4, '/models')).toEqual([200, 200, 401, 401]);
    expect(await statusOf(server, '/files/none')).toBe(404);
    await expect.poll(() => statusOf(server, '/files')).toBe(401);
    expect(await statuses(server, 2, '/files')).toEqual([401, 401]);
  });

  test('as a fraction that follows from the seed', async () => {
    const runs: number[][] = [];
    for (let count = 0; count < 2; count += 1) {
      await using server = await startWith({ fault: 'status', status: 500, fraction: 0.5 });
      runs.push(await statuses(server, 40));
    }
    expect(runs[0]).toEqual(runs[1]);
    const failed = runs[0]?.filter((status) => status === 500).length ?? 0;
    expect(failed).toBeGreaterThan(8);
    expect(failed).toBeLessThan(32);
  });

  test('by what they are for, and never those that look after the emulator', async () => {
    await using server = await startWith({ fault: 'status', status: 500 });
    expect([
      await statusOf(server),
      await statusOf(server, '/files/x'),
      await statusOf(server, '/models'),
    ]).toEqual([500, 500, 500]);
    const url = new URL('/emulator/health', server.emulator.url);
    expect((await fetch(url)).status).toBe(200);
  });
});

const failures = [
  ['cut', { fault: { fault: 'cut' }, message: 'Connection error.' }],
  ['status', { fault: { fault: 'status', status: 500 }, message: '500 The server had an error' }],
] as const;

describe('a call fails', () => {
  test('with a status, its usual body and a time to wait', async () => {
    await using server = await startWith({ fault: 'status', status: 429, retry_after: '1500ms' });
    const reply = await call(server, '/batches');
    expect(reply.status).toBe(429);
    expect(reply.headers.get('retry-after')).toBe('2');
    expect(reply.headers.get('retry-after-ms')).toBe('1500');
    expect(await reply.json()).toMatchObject({ error: { code: 'rate_limit_exceeded', type: 'requests' } });
  });

  test('with a body of its own', async () => {
    await using server = await startWith({
      fault: 'status',
      status: 404,
      on: 'show_batch',
      body: { lost: true },
    });
    const reply = await call(server, '/batches/batch_1');
    expect([reply.status, await reply.json()]).toEqual([404, { lost: true }]);
  });

  test('with a status that a client in the middle of a large upload hears', async () => {
    await using server = await startWith({ fault: 'status', status: 500, on: 'upload', times: 1 });
    await expect(upload(server.client, content.repeat(400))).rejects.toMatchObject({ status: 500 });
    expect((await server.client.files.list()).data).toEqual([]);
    await upload(server.client, content);
  });

  test.each(failures)('without an effect (%s)', async (_name, failure) => {
    await using server = await startWith({
      ...failure.fault,
      on: ['upload', 'create_batch'],
      requests: [1, 3],
    });
    await expect(upload(server.client, content)).rejects.toThrow(failure.message);
    const input_file_id = await upload(server.client, content);
    const request = { input_file_id, endpoint: '/v1/chat/completions', completion_window: '24h' } as const;
    await expect(server.client.batches.create(request)).rejects.toThrow(failure.message);
    expect((await server.client.files.list()).data).toHaveLength(1);
    expect((await server.client.batches.list()).data).toEqual([]);
    expect(await readBill(server.dataDir)).toEqual([]);
  });

  test.each(failures)(
    'though it was done: uploaded, created, billed and run (%s)',
    async (_name, failure) => {
      await using server = await startWith({
        ...failure.fault,
        on: ['upload', 'create_batch'],
        effect: 'done',
      });
      await expect(upload(server.client, content)).rejects.toThrow(failure.message);
      const [file] = (await server.client.files.list()).data;
      expect(file?.bytes).toBe(content.length);
      const request = { endpoint: '/v1/chat/completions', completion_window: '24h' } as const;
      await expect(
        server.client.batches.create({ ...request, input_file_id: file?.id ?? '' }),
      ).rejects.toThrow(failure.message);
      const [batch] = (await server.client.batches.list()).data;
      expect(await waitFor(server.client, batch?.id ?? '')).toMatchObject({
        status: 'completed',
        request_counts: { completed: 200 },
      });
      expect(acceptedBatches(await readBill(server.dataDir))).toBe(1);
    },
  );
});

describe('a call is slow', () => {
  test('before its effect, or after it', async () => {
    await using server = await startWith(
      { fault: 'delay', for: '300ms', on: 'list_models' },
      { fault: 'delay', for: '1h', on: 'create_batch', effect: 'done' },
    );
    const started = Date.now();
    expect(await statusOf(server, '/models')).toBe(200);
    expect(Date.now() - started).toBeGreaterThanOrEqual(290);
    const creating = createBatch(server.client, content).catch(() => 'not answered');
    await expect.poll(async () => (await server.client.batches.list()).data.length).toBe(1);
    await server[Symbol.asyncDispose]();
    expect(await creating).toBe('not answered');
  });

  test('after its effect, and answered all the same', async () => {
    await using server = await startWith({
      fault: 'delay',
      for: '300ms',
      on: 'create_batch',
      effect: 'done',
    });
    const started = Date.now();
    const { id } = await createBatch(server.client, content);
    expect(Date.now() - started).toBeGreaterThanOrEqual(290);
    expect((await server.client.batches.list()).data[0]?.id).toBe(id);
  });

  test('and then fails', async () => {
    await using server = await startWith({ fault: 'delay', for: '200ms' }, { fault: 'status', status: 503 });
    const started = Date.now();
    expect(await statusOf(server)).toBe(503);
    expect(Date.now() - started).toBeGreaterThanOrEqual(190);
  });

  test('and does not hold up the end of the emulator', async () => {
    const server = await startWith({ fault: 'delay', for: '1h' });
    const reply = statusOf(server);
    await sleep(50);
    await server[Symbol.asyncDispose]();
    expect(await reply).toBe(0);
  });
});

async function readSome(reply: Response): Promise<{ readonly bytes: number; readonly error: unknown }> {
  let bytes = 0;
  try {
    for await (const chunk of reply.body ?? []) bytes += chunk.length;
  } catch (error) {
    return { bytes, error };
  }
  return { bytes, error: null };
}

async function download(server: TestEmulator): Promise<{ readonly reply: Response; readonly size: number }> {
  const { output_file_id: id } = await runBatch(server.client, content);
  const size = (await server.client.files.retrieve(id ?? '')).bytes;
  return { reply: await call(server, `/files/${id}/content`), size };
}

describe('a download', () => {
  test('is cut half-way', async () => {
    await using server = await startWith({ fault: 'download_cut', at: 0.5 });
    const { reply, size } = await download(server);
    expect(reply.headers.get('content-length')).toBe(String(size));
    const { bytes, error } = await readSome(reply);
    expect(bytes).toBeLessThanOrEqual(Math.floor(size / 2));
    expect(error).toMatchObject({ message: 'terminated' });
  });

  test('ends early as if it were whole, once', async () => {
    await using server = await startWith({ fault: 'download_short', at: 0.25, times: 1 });
    const { reply, size } = await download(server);
    expect(reply.headers.get('content-length')).toBeNull();
    expect(await readSome(reply)).toEqual({ bytes: Math.floor(size / 4), error: null });
    const whole = await call(server, new URL(reply.url).pathname.replace('/v1', ''));
    expect(await readSome(whole)).toEqual({ bytes: size, error: null });
  });

  test('stalls, and goes on', async () => {
    await using server = await startWith({ fault: 'download_stalled', for: '300ms' });
    const { reply, size } = await download(server);
    const started = Date.now();
    expect(await readSome(reply)).toEqual({ bytes: size, error: null });
    expect(Date.now() - started).toBeGreaterThanOrEqual(280);
  });

  test('stalls until the client has enough', async () => {
    await using server = await startWith({ fault: 'download_stalled', at: 0 });
    const { reply } = await download(server);
    const reader = reply.body?.getReader();
    const first = await Promise.race([reader?.read(), sleep(200, 'nothing')]);
    expect(first).toBe('nothing');
    await reader?.cancel();
    expect(await statusOf(server)).toBe(200);
  });

  test('is of no file: faults of downloads leave other calls alone', async () => {
    await using server = await startWith({ fault: 'download_cut', at: 0 });
    expect(await statuses(server, 3)).toEqual([200, 200, 200]);
  });
});
