import { describe, expect, it } from 'vitest';
import { acceptedBatches, paidLines } from '../support/bill.ts';
import { type Middleware, jsonResponse } from '../support/proxy.ts';
import { answers, expected, rowCount, scene, useNotes } from './scene.ts';

useNotes();

const isCreate = ({ method, path }: Parameters<Middleware>[0]): boolean =>
  method === 'POST' && path === '/batches';

/** Passes the first create on and answers it otherwise all the same. @param status null where the reply is cut */
function carriedOut(status: number | null, message = 'Please try again later.'): Middleware {
  let creates = 0;
  return async (request, forward) => {
    const response = await forward();
    if (!isCreate(request) || (creates += 1) > 1) return response;
    if (status === null) throw new Error('cut');
    return jsonResponse(status, { error: { message, code: null } });
  };
}

/** No batch shows metadata. */
function forgetful(inner: Middleware): Middleware {
  return async (request, forward) => {
    const response = await inner(request, forward);
    if (!request.path.startsWith('/batches')) return response;
    const text = response.body.toString().replaceAll(/"metadata":\{[^}]*\}/g, '"metadata":null');
    return { ...response, body: Buffer.from(text) };
  };
}

describe('a create that was carried out, but was not answered with its batch', () => {
  it.each([
    ['cut', null, undefined],
    ['answered 429', 429, undefined],
    ['answered 400', 400, undefined],
    ['answered 403', 403, undefined],
    ['answered 404', 404, undefined],
    ['answered with a want of tokens', 429, 'Enqueued token limit reached.'],
    ['answered with a want of room for batches', 400, 'Too many batches in progress.'],
    ['answered 413', 413, undefined],
  ])('is found again: %s', async (_, status, message) => {
    await using setting = await scene(() => carriedOut(status, message));
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
    expect(paidLines(await setting.emulator.bill())).toHaveLength(rowCount);
    expect(await answers()).toEqual(expected(() => 1));
  });

  it('is found again where the list tells nothing of a batch but its id', async () => {
    const inner = carriedOut(null);
    await using setting = await scene(
      () => async (request, forward) => {
        const response = await inner(request, forward);
        if (request.method !== 'GET' || request.path !== '/batches') return response;
        const { data } = JSON.parse(response.body.toString()) as { readonly data: readonly object[] };
        const bare = data.map((batch) => ({ ...batch, metadata: null, input_file_id: null }));
        return jsonResponse(200, { data: bare, has_more: false });
      },
      { batch: { max_requests: 4 } },
    );
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
    expect(acceptedBatches(await setting.emulator.bill())).toBe(3);
  });

  it.each([
    ['cut', null],
    ['answered 429', 429],
  ])('is found again where batches show no metadata: %s', async (_, status) => {
    await using setting = await scene(() => forgetful(carriedOut(status)), {
      batch: { max_requests: 4 },
    });
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
    expect(paidLines(await setting.emulator.bill())).toHaveLength(rowCount);
    expect(acceptedBatches(await setting.emulator.bill())).toBe(3);
  });
});
