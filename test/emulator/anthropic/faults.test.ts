import { APIConnectionError, type APIError } from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';
import { setFaults } from '../client.ts';
import { ended, params, requests, results, startAnthropicScene } from './client.ts';

function errored(type: string) {
  return { type: 'errored', error: { type: 'error', error: { type } } };
}

describe('faults at Anthropic', () => {
  test('of rows come in its own form', async () => {
    await using scene = await startAnthropicScene({
      faults: {
        rows: [
          { fault: 'status', status: 529, custom_ids: ['r1'] },
          { fault: 'status', status: 0, custom_ids: ['r2'] },
          { fault: 'error', code: 'batch_expired', custom_ids: ['r3'] },
          { fault: 'missing', custom_ids: ['r4'] },
          { fault: 'refusal', text: 'No.', custom_ids: ['r5'] },
          { fault: 'length', custom_ids: ['r6'] },
          { fault: 'answer', text: 'Sure!', custom_ids: ['r7'] },
          { fault: 'stranger', custom_id: 'nobody', custom_ids: ['r8'] },
        ],
      },
    });
    const { client } = scene;
    const { id } = await client.messages.batches.create({ requests: requests(9) });
    await ended(client, id);
    const found = await results(client, id);
    expect(found.get('r1')).toMatchObject(errored('overloaded_error'));
    expect(found.get('r2')).toMatchObject(errored('api_error'));
    expect(found.get('r3')).toEqual({ type: 'expired' });
    expect(found.has('r4')).toBe(false);
    expect(found.get('r5')).toMatchObject({
      message: { content: [], stop_reason: 'refusal', stop_details: { explanation: 'No.' } },
    });
    expect(found.get('r6')).toMatchObject({ message: { stop_reason: 'max_tokens' } });
    expect(found.get('r7')).toMatchObject({ message: { content: [{ text: 'Sure!' }] } });
    expect(found.has('nobody')).toBe(true);
    expect(found.get('r9')).toMatchObject({ type: 'succeeded' });
  });

  test('of a batch: half of it expires, its listing is late, its results are', async () => {
    await using scene = await startAnthropicScene({
      faults: {
        batches: [{ fault: 'expired', after: 0.5 }, { fault: 'unlisted' }, { fault: 'late_files' }],
      },
    });
    const { client } = scene;
    const { id } = await client.messages.batches.create({ requests: requests(10) });
    const batch = await ended(client, id);
    expect(batch.request_counts).toMatchObject({ succeeded: 5, expired: 5 });
    expect((await client.messages.batches.list()).data).toEqual([]);
    await expect(results(client, id)).rejects.toMatchObject({ status: 404 });
  });

  test('of a create whose reply is lost: the batch is there, once', async () => {
    await using scene = await startAnthropicScene({
      faults: { http: [{ fault: 'cut', on: 'create_batch', effect: 'done', times: 1 }] },
    });
    const { client } = scene;
    const lost = await client.messages.batches
      .create({ requests: requests(3) })
      .catch((thrown: unknown) => thrown);
    expect(lost).toBeInstanceOf(APIConnectionError);
    const { data } = await client.messages.batches.list();
    expect(data).toHaveLength(1);
  });

  test('of calls: overloaded, and a download that breaks off, and one that is redirected', async () => {
    await using scene = await startAnthropicScene();
    const { client, server } = scene;
    const { id } = await client.messages.batches.create({ requests: requests(50) });
    await ended(client, id);
    await setFaults(server.emulator.url, {
      http: [
        { fault: 'status', status: 529, on: 'answer', retry_after: '3s' },
        { fault: 'download_cut', at: 0.5, times: 1 },
        { fault: 'download_redirected', times: 2 },
      ],
    });
    const error = await client.messages.create(params('Hello')).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 529, type: 'overloaded_error' });
    expect((error as APIError).headers?.get('retry-after')).toBe('3');
    await expect(results(client, id)).rejects.toThrow(/terminated|reset/);
    expect((await results(client, id)).size).toBe(50);
  });

  test('of limits: too many requests, too large a body', async () => {
    await using scene = await startAnthropicScene({ faults: { limits: { requests: 2, bytes: 2000 } } });
    const { client } = scene;
    await expect(client.messages.batches.create({ requests: requests(3) })).rejects.toMatchObject({
      status: 400,
      apiMessage: 'requests: List should have at most 2 items after validation',
    });
    const large = { custom_id: 'a', params: params('x'.repeat(3000)) };
    await expect(client.messages.batches.create({ requests: [large] })).rejects.toMatchObject({
      status: 413,
      type: 'request_too_large',
    });
  });
});
