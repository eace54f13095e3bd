import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { FaultsInput } from '../../../src/emulator/faults/faults.ts';
import { readBill } from '../../support/bill.ts';
import {
  chatBody,
  createBatch,
  jsonl,
  requestLine,
  results,
  runBatch,
  startTestEmulator,
  upload,
  waitFor,
  type TestEmulator,
} from '../client.ts';

const ten = jsonl(...Array.from({ length: 10 }, (_, row) => requestLine(`r${row}`, chatBody(`row ${row}`))));

async function startWith(...batches: NonNullable<FaultsInput['batches']>): Promise<TestEmulator> {
  return startTestEmulator({ faults: { batches } });
}

/** The batch as it stands on the wire, whatever its fields hold. */
async function fetchBatch(server: TestEmulator, id: string): Promise<Record<string, unknown>> {
  const reply = await fetch(`${server.emulator.url}/batches/${id}`, {
    headers: { authorization: 'Bearer x' },
  });
  return (await reply.json()) as Record<string, unknown>;
}

async function pollUntil(server: TestEmulator, id: string, status: string): Promise<Record<string, unknown>> {
  await expect.poll(async () => (await fetchBatch(server, id))['status']).toBe(status);
  return fetchBatch(server, id);
}

test('faults choose batches by number, by how often, or all', async () => {
  await using server = await startWith(
    { fault: 'rejected', code: 'second', batches: 2 },
    { fault: 'rejected', code: 'twice', times: 2 },
    { fault: 'rejected', code: 'later', batches: [4, 5] },
    { fault: 'rejected', code: 'all' },
  );
  const codes: string[][] = [];
  for (let count = 0; count < 4; count += 1) {
    const { errors } = await runBatch(server.client, ten);
    codes.push(errors?.data?.map(({ code }) => code ?? '') ?? []);
  }
  expect(codes).toEqual([['twice'], ['second'], ['all'], ['later']]);
});

describe('a batch', () => {
  test('expires with a share of its rows done, and is charged for those', async () => {
    await using server = await startWith({ fault: 'expired', after: 0.4 });
    const batch = await runBatch(server.client, ten);
    expect(batch).toMatchObject({
      status: 'expired',
      expired_at: expect.any(Number),
      completed_at: null,
      request_counts: { total: 10, completed: 4, failed: 0 },
    });
    expect(await results(server.client, batch.output_file_id)).toHaveLength(4);
    const errors = await results(server.client, batch.error_file_id);
    expect(errors).toHaveLength(6);
    expect(new Set(errors.map((line) => line.error?.code))).toEqual(new Set(['batch_expired']));
    expect((await readBill(server.dataDir)).at(-1)).toEqual({
      event: 'expired',
      batch_id: batch.id,
      answered: 4,
    });
  });

  test('is cancelled by the provider', async () => {
    await using server = await startWith({ fault: 'cancelled', after: 0.3 });
    const batch = await runBatch(server.client, ten);
    expect(batch).toMatchObject({ status: 'cancelled', cancelling_at: expect.any(Number) });
    expect(await results(server.client, batch.output_file_id)).toHaveLength(3);
    const errors = await results(server.client, batch.error_file_id);
    expect(new Set(errors.map((line) => line.error?.code))).toEqual(new Set(['batch_cancelled']));
  });

  test('is rejected with lines, and costs nothing', async () => {
    await using server = await startWith({
      fault: 'rejected',
      code: 'invalid_json_line',
      message: 'This line is odd.',
      lines: [3, 5],
    });
    const batch = await runBatch(server.client, ten);
    expect(batch.status).toBe('failed');
    expect(batch.errors?.data).toEqual(
      [3, 5].map((line) => ({
        code: 'invalid_json_line',
        line,
        message: 'This line is odd.',
        param: null,
      })),
    );
    expect((await readBill(server.dataDir)).at(-1)).toEqual({ event: 'refused', batch_id: batch.id });
  });

  test('is rejected without lines', async () => {
    await using server = await startWith({ fault: 'rejected', code: 'server_error' });
    expect((await runBatch(server.client, ten)).errors?.data).toMatchObject([
      { code: 'server_error', line: null },
    ]);
  });

  test.each(['validating', 'in_progress', 'finalizing'] as const)(
    'is stuck in %s until it is cancelled',
    async (status) => {
      await using server = await startWith({ fault: 'stuck', status });
      const { id } = await createBatch(server.client, ten);
      await waitFor(server.client, id, status);
      await sleep(100);
      expect((await server.client.batches.retrieve(id)).status).toBe(status);
      await server.client.batches.cancel(id);
      const batch = await waitFor(server.client, id);
      expect(batch.status).toBe('cancelled');
      const done = await results(server.client, batch.output_file_id);
      expect(done).toHaveLength(status === 'validating' ? 0 : 10);
    },
  );

  test('is stuck half-way, and goes on after a time', async () => {
    await using server = await startWith({ fault: 'stuck', status: 'in_progress', after: 0.5, for: '1s' });
    const started = Date.now();
    const { id } = await createBatch(server.client, ten);
    await expect
      .poll(async () => (await server.client.batches.retrieve(id)).request_counts)
      .toEqual({ total: 10, completed: 5, failed: 0 });
    const batch = await waitFor(server.client, id);
    expect(Date.now() - started).toBeGreaterThanOrEqual(990);
    expect(await results(server.client, batch.output_file_id)).toHaveLength(10);
  });

  test('stays in each status as long as it is told', async () => {
    await using server = await startWith({
      fault: 'phases',
      validating: '300ms',
      in_progress: '500ms',
      finalizing: '400ms',
      cancelling: '300ms',
    });
    const { id } = await createBatch(server.client, ten);
    const created = Date.now();
    await waitFor(server.client, id, 'in_progress');
    expect(Date.now() - created).toBeGreaterThan(200);
    await waitFor(server.client, id, 'finalizing');
    expect(Date.now() - created).toBeGreaterThan(700);
    await waitFor(server.client, id);
    expect(Date.now() - created).toBeGreaterThan(1100);
    const other = await createBatch(server.client, ten);
    await server.client.batches.cancel(other.id);
    const cancelled = Date.now();
    await waitFor(server.client, other.id);
    expect(Date.now() - cancelled).toBeGreaterThan(280);
  });

  test('completes without the output file of its answers', async () => {
    await using server = await startWith({ fault: 'no_output_file' });
    expect(await runBatch(server.client, ten)).toMatchObject({
      status: 'completed',
      output_file_id: null,
      error_file_id: null,
      request_counts: { completed: 10 },
    });
  });

  test('has an empty id, or an empty file, for its errors', async () => {
    await using server = await startWith(
      { fault: 'empty_error_file_id', batches: 1 },
      { fault: 'empty_error_file', batches: 2 },
    );
    expect((await runBatch(server.client, ten)).error_file_id).toBe('');
    const { error_file_id: id } = await runBatch(server.client, ten);
    expect(await server.client.files.retrieve(id ?? '')).toMatchObject({ bytes: 0 });
    expect(await (await server.client.files.content(id ?? '')).text()).toBe('');
  });

  test('has files that are not there yet', async () => {
    await using server = await startWith(
      { fault: 'late_files', for: '1h', batches: 1 },
      { fault: 'late_files', for: '300ms', batches: 2 },
    );
    const { output_file_id: missing } = await runBatch(server.client, ten);
    await expect(server.client.files.content(missing ?? '')).rejects.toMatchObject({ status: 404 });
    await expect(server.client.files.retrieve(missing ?? '')).rejects.toMatchObject({ status: 404 });
    const { output_file_id: id } = await runBatch(server.client, ten);
    await expect.poll(async () => (await results(server.client, id).catch(() => [])).length).toBe(10);
  });

  test('lies about its counts', async () => {
    await using server = await startWith(
      { fault: 'request_counts', completed: 'total', failed: 0, batches: 1 },
      { fault: 'request_counts', total: null, completed: 7, batches: 2 },
      { fault: 'null_counts', batches: 3 },
    );
    const counts: unknown[] = [];
    const lines = jsonl(requestLine('a', chatBody('x')), requestLine('b', chatBody('x', { temperature: 3 })));
    for (let count = 0; count < 4; count += 1) {
      counts.push((await runBatch(server.client, lines)).request_counts);
    }
    expect(counts).toEqual([
      { total: 2, completed: 2, failed: 0 },
      { total: null, completed: 7, failed: 1 },
      null,
      { total: 2, completed: 1, failed: 1 },
    ]);
  });

  test('speaks another dialect', async () => {
    await using server = await startWith(
      { fault: 'status_words', words: { completed: 'ended', validating: 'queued' }, upper_case: true },
      { fault: 'iso_times' },
    );
    const { id } = await createBatch(server.client, ten);
    const batch = await pollUntil(server, id, 'ENDED');
    const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/;
    expect(batch).toMatchObject({
      created_at: expect.stringMatching(isoTime),
      completed_at: expect.stringMatching(isoTime),
      expires_at: expect.stringMatching(isoTime),
      failed_at: null,
    });
  });

  test('is not known for a while, though it runs', async () => {
    await using server = await startWith(
      { fault: 'not_found', for: '1h', batches: 1 },
      { fault: 'not_found', for: '300ms', batches: 2 },
    );
    const { id: unknown } = await createBatch(server.client, ten);
    await expect(server.client.batches.retrieve(unknown)).rejects.toMatchObject({ status: 404 });
    await expect(server.client.batches.cancel(unknown)).rejects.toMatchObject({ status: 404 });
    const { id } = await createBatch(server.client, ten);
    await expect.poll(async () => (await fetchBatch(server, id))['status']).toBe('completed');
  });

  test('is lost after a while, for ever', async () => {
    await using server = await startWith(
      { fault: 'not_found', after: '1h', batches: 1 },
      { fault: 'not_found', after: '300ms', batches: 2 },
    );
    const { id: known } = await createBatch(server.client, ten);
    expect((await server.client.batches.retrieve(known)).id).toBe(known);
    const { id } = await createBatch(server.client, ten);
    await expect
      .poll(async () => fetchBatch(server, id))
      .toMatchObject({ error: { message: `No batch found with id '${id}'.` } });
  });

  test('is listed only some time after it was created, on pages that are full', async () => {
    await using server = await startWith(
      { fault: 'unlisted', for: '1h', batches: [2, 3] },
      { fault: 'unlisted', for: '300ms', batches: 6 },
    );
    const input_file_id = await upload(server.client, ten);
    const create = async (): Promise<string> => {
      const batch = { endpoint: '/v1/chat/completions', completion_window: '24h' } as const;
      return (await server.client.batches.create({ input_file_id, ...batch })).id;
    };
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) ids.unshift(await create());
    const page = await server.client.batches.list({ limit: 3 });
    expect(page.data.map(({ id }) => id)).toEqual([ids[0], ids[1], ids[4]]);
    expect(page.has_more).toBe(false);
    const [first] = (await server.client.batches.list({ limit: 2 })).data;
    expect(first?.id).toBe(ids[0]);
    const listAll = async (): Promise<string[]> => {
      const all: string[] = [];
      for await (const { id } of server.client.batches.list({ limit: 2 })) all.push(id);
      return all;
    };
    expect(await listAll()).toHaveLength(3);
    const late = await create();
    await expect.poll(listAll).toEqual([late, ids[0], ids[1], ids[4]]);
  });
});
