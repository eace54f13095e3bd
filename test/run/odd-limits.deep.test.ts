import { describe, expect, it } from 'vitest';
import { acceptedBatches, paidLines } from '../support/bill.ts';
import { jsonResponse, type Middleware } from '../support/proxy.ts';
import { answers, errorsOf, expected, rowCount, scene, useNotes } from './scene.ts';
import { refusing } from './provider-trouble-scene.ts';

useNotes();

/** Takes one batch at a time. @param full what it answers to another one */
function oneAtATime(full: () => ReturnType<typeof jsonResponse>): Middleware {
  const open = new Set<string>();
  return async ({ method, path }, forward) => {
    const isCreate = method === 'POST' && path === '/batches';
    if (isCreate && open.size > 0) return full();
    if (isCreate) open.add('pending');
    const response = await forward();
    if (!path.startsWith('/batches') || response.status !== 200) return response;
    const { id, status } = JSON.parse(response.body.toString()) as { id?: string; status?: string };
    if (isCreate) open.delete('pending');
    if (id === undefined) return response;
    if (status === 'completed') open.delete(id);
    else open.add(id);
    return response;
  };
}

describe('a cap on batches under way', () => {
  it.each([
    ['429 in its own words', 429, 'You have reached the maximum number of concurrent batches (1).'],
    ['400 with a code', 400, 'Quota exceeded: too many active batch jobs.'],
    ['429 without words', 429, 'Rate limit reached.'],
  ])('is waited for: %s', async (_, status, message) => {
    const full = (): ReturnType<typeof jsonResponse> => ({
      ...jsonResponse(status, { error: { message, code: null } }),
      headers: { 'retry-after-ms': '20' },
    });
    await using setting = await scene(
      () => oneAtATime(full),
      { batch: { max_requests: 2, poll_interval: '100ms' } },
      { latencyMs: 1200 },
    );
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
    expect(paidLines(await setting.emulator.bill())).toHaveLength(rowCount);
    expect(await answers()).toEqual(expected(() => 1));
  });
});

describe('a server that takes smaller files than it should', () => {
  const tooLarge = jsonResponse(413, { error: { message: 'Request Entity Too Large' } });

  it('gets its rows in smaller ones', async () => {
    let refused = 0;
    await using setting = await scene(() => async ({ method, path, body }, forward) => {
      if (method !== 'POST' || path !== '/files' || body.length < 1500) return forward();
      refused += 1;
      return tooLarge;
    });
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
    expect(refused).toBeGreaterThan(0);
    expect(paidLines(await setting.emulator.bill())).toHaveLength(rowCount);
    expect(await answers()).toEqual(expected(() => 1));
  });

  it('fails the rows that are too large alone', async () => {
    await using setting = await scene(() => async ({ method, path, body }, forward) => {
      if (method !== 'POST' || path !== '/files' || !body.includes('note 7')) return forward();
      return tooLarge;
    });
    expect((await setting.project.summary(1)).rows).toMatchObject({ ok: rowCount - 1, failed: 1 });
    expect(await errorsOf(setting.project)).toMatchObject([{ key: '7', code: 'row_over_byte_limit' }]);
    expect(paidLines(await setting.emulator.bill())).toHaveLength(rowCount - 1);
  });

  it('gets them so when validation refuses the file', async () => {
    const errors = [{ code: 'invalid_file', line: null, message: 'The file is too large.' }];
    await using setting = await scene(refusing(1, errors));
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
    expect(acceptedBatches(await setting.emulator.bill())).toBeGreaterThan(2);
    expect(await answers()).toEqual(expected(() => 1));
  });

  it('gets them so when the limit of the pipeline file is lowered', async () => {
    let isDown = true;
    await using setting = await scene(() => async ({ method, path }, forward) => {
      if (isDown && method === 'POST' && path === '/files')
        return jsonResponse(400, { error: { message: 'No.' } });
      return forward();
    });
    expect((await setting.project.run()).code).toBe(1);
    isDown = false;
    const { code } = await setting.project.run('--set', 'batch.max_bytes=1000');
    expect(code).toBe(0);
    expect(acceptedBatches(await setting.emulator.bill())).toBeGreaterThan(1);
    expect(await answers()).toEqual(expected(() => 1));
  });
});

describe('a provider that will answer nothing of this model', () => {
  const everyLine = Array.from({ length: rowCount }, (_, index) => ({
    code: 'model_not_found',
    line: index + 1,
    message: 'The model cannot be batched.',
  }));

  it('is not sent the same again and again where it names every line', async () => {
    await using setting = await scene(refusing(99, everyLine));
    const { code, stderr } = await setting.project.run();
    expect({ code, stderr }).toEqual({ code: 1, stderr });
    expect(stderr).toContain('The model cannot be batched.');
    expect(acceptedBatches(await setting.emulator.bill())).toBe(2);
    const again = await setting.project.run();
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('The model cannot be batched.');
  });

  it('is sent on where it answers the next time', async () => {
    await using setting = await scene(refusing(1, everyLine));
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
    expect(await answers()).toEqual(expected(() => 1));
  });

  it('is not sent another batch where it cancels them itself', async () => {
    let cancels = 99;
    await using setting = await scene(() => async ({ method, path }, forward) => {
      const response = await forward();
      if (method !== 'GET' || !/^\/batches\/./.test(path) || (cancels -= 1) < 0) return response;
      const batch = JSON.parse(response.body.toString()) as object;
      const none = { output_file_id: null, error_file_id: null, request_counts: null };
      return jsonResponse(200, { ...batch, ...none, status: 'cancelled' });
    });
    const { code, stderr } = await setting.project.run();
    expect({ code, stderr }).toEqual({ code: 1, stderr });
    expect(stderr).toContain('cancelled');
    expect(acceptedBatches(await setting.emulator.bill())).toBe(2);
  });
});

it('reads on after a second bad row that a validator names alone', async () => {
  const bad = { code: 'invalid', line: 1, message: 'Wrong.' };
  await using setting = await scene(refusing(3, [bad]));
  expect((await setting.project.summary(1)).rows).toMatchObject({ ok: rowCount - 3, failed: 3 });
});
