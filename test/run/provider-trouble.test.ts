import { describe, expect, it } from 'vitest';
import { acceptedBatches, paidLines } from '../support/bill.ts';
import { answers, errorsOf, expected, rowCount, scene, useNotes } from './scene.ts';
import { refusing } from './provider-trouble-scene.ts';

useNotes();

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
