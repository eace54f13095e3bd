import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { acceptedBatches, paidLines } from '../support/bill.ts';
import { jsonResponse, type Middleware } from '../support/proxy.ts';
import { answers, errorsOf, expected, rowCount, scene, useNotes } from './scene.ts';

useNotes();

/** Refuses the first so many batches as the provider's validation does. */
function refusing(times: number, errors: readonly object[]): () => Middleware {
  return refusingFor(Array.from({ length: times }, () => errors));
}

/** Refuses the first batches, each for its own errors. */
function refusingFor(reasons: readonly (readonly object[])[]): () => Middleware {
  const refused = new Map<string, readonly object[]>();
  return () =>
    async ({ method, path }, forward) => {
      const response = await forward();
      const reason = reasons[refused.size];
      if (method === 'POST' && path === '/batches' && reason !== undefined) {
        const { id } = JSON.parse(response.body.toString()) as { id: string };
        refused.set(`/batches/${id}`, reason);
      }
      const errors = refused.get(path);
      if (method !== 'GET' || errors === undefined) return response;
      const batch = JSON.parse(response.body.toString()) as object;
      const none = { output_file_id: null, error_file_id: null };
      return jsonResponse(200, {
        ...batch,
        ...none,
        status: 'failed',
        errors: { object: 'list', data: errors },
      });
    };
}

describe('a batch that the provider refuses', () => {
  it('loses the lines that are named; the others are sent again', async () => {
    const errors = [
      { code: 'invalid_request', line: 3, message: 'Line 3 is wrong.', param: 'body' },
      { code: null, line: 12, message: 'Line 12 too.', param: null },
    ];
    await using setting = await scene(refusing(1, errors));
    const summary = await setting.project.summary(1);
    expect(summary.rows).toMatchObject({ requested: rowCount, ok: 10, failed: 2, pending: 0 });
    expect(summary.batches).toMatchObject({ total: 2, completed: 1, failed: 1 });
    expect(await errorsOf(setting.project)).toMatchObject([
      { key: '3', stage: 'request', code: 'invalid_request', message: 'Line 3 is wrong.', attempts: 0 },
      { key: '12', stage: 'request', message: 'Line 12 too.', attempts: 0 },
    ]);
    const kept = expected(() => 1).filter(({ id }) => id !== 3 && id !== 12);
    expect(await answers()).toEqual(kept);
  });

  it('is sent once more where no line is named', async () => {
    await using setting = await scene(refusing(1, [{ code: 'server_error', line: null, message: 'Oops.' }]));
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
  });

  it('is sent once more also where it was refused for want of room before', async () => {
    const message = 'Enqueued token limit reached for gpt-4o-mini. Limit: 2,000,000 enqueued tokens.';
    const wantOfRoom = { code: 'token_limit_exceeded', line: null, message };
    const oops = { code: 'server_error', line: null, message: 'Oops.' };
    await using setting = await scene(refusingFor([[wantOfRoom], [oops]]));
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
  });

  it('ends the run where it is refused again, and can be gone on with', async () => {
    await using setting = await scene(refusing(2, [{ code: 'bad_file', line: null, message: 'Bad file.' }]));
    const { code, stderr } = await setting.project.run();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: The provider refused file 1: Bad file\./m);
    expect(stderr).toMatch(/^hint: .*same command again/m);
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
  });
});

describe('a create whose reply is lost', () => {
  it('is found again and not repeated', async () => {
    let cut = 0;
    await using setting = await scene(
      () =>
        async ({ method, path }, forward) => {
          const response = await forward();
          if (method === 'POST' && path === '/batches' && (cut += 1) % 2 === 1) throw new Error('cut');
          return response;
        },
      { batch: { max_requests: 4 } },
    );
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
    expect(paidLines(await setting.emulator.bill())).toHaveLength(rowCount);
    expect(await answers()).toEqual(expected(() => 1));
  });

  it('is found also where the batch appears only a moment after the connection was cut', async () => {
    let cut = 0;
    const late: Promise<unknown>[] = [];
    await using setting = await scene(
      () =>
        async ({ method, path }, forward) => {
          if (method !== 'POST' || path !== '/batches' || (cut += 1) > 1) return forward();
          late.push(sleep(100).then(forward));
          throw new Error('cut');
        },
      // The second look comes after this long.
      { batch: { poll_interval: '1s' } },
    );
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
    await Promise.all(late);
    expect(acceptedBatches(await setting.emulator.bill())).toBe(1);
    expect(await answers()).toEqual(expected(() => 1));
  });

  it('is repeated where the provider never saw it', async () => {
    let cut = 0;
    await using setting = await scene(() => async ({ method, path }, forward) => {
      if (method === 'POST' && path === '/batches' && (cut += 1) === 1) throw new Error('cut');
      return forward();
    });
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
    expect(acceptedBatches(await setting.emulator.bill())).toBe(1);
  });
});

describe('a download that is cut', () => {
  it('is made again until it is whole', async () => {
    let cut = 0;
    await using setting = await scene(() => async ({ path }, forward) => {
      const response = await forward();
      if (!path.endsWith('/content') || (cut += 1) > 1) return response;
      return { ...response, body: response.body.subarray(0, response.body.length - 100) };
    });
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
    expect(await answers()).toEqual(expected(() => 1));
    expect(acceptedBatches(await setting.emulator.bill())).toBe(1);
  });
});
