import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { setFaults } from '../client.ts';
import { createBatch, ended, lines, results, startGeminiScene, upload } from './client.ts';

describe('faults at Gemini', () => {
  test('of rows come in its own form', async () => {
    await using scene = await startGeminiScene({
      faults: {
        rows: [
          { fault: 'status', status: 500, custom_ids: ['r1'] },
          { fault: 'status', status: 0, custom_ids: ['r2'] },
          { fault: 'error', code: '14', message: 'Come again.', custom_ids: ['r3'] },
          { fault: 'missing', custom_ids: ['r4'] },
          { fault: 'refusal', custom_ids: ['r5'] },
          { fault: 'length', custom_ids: ['r6'] },
          { fault: 'content_filter', custom_ids: ['r7'] },
          { fault: 'answer', text: 'Sure!', custom_ids: ['r8'] },
        ],
      },
    });
    const job = await ended(scene.client, (await createBatch(scene, lines(9))).name);
    const found = await results(scene, job);
    expect(found.get('r1')).toMatchObject({ error: { code: 13 } });
    expect(found.get('r2')).toMatchObject({ error: { code: 13 } });
    expect(found.get('r3')).toMatchObject({ error: { code: 14, message: 'Come again.' } });
    expect(found.has('r4')).toBe(false);
    expect(found.get('r5')).toMatchObject({ response: { candidates: [{ finishReason: 'SAFETY' }] } });
    expect(found.get('r6')).toMatchObject({ response: { candidates: [{ finishReason: 'MAX_TOKENS' }] } });
    expect(found.get('r7')).toMatchObject({
      response: { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } },
    });
    expect(found.get('r8')).toMatchObject({
      response: { candidates: [{ content: { parts: [{ text: 'Sure!' }] } }] },
    });
  });

  test('of batches: expired without results, cancelled with some, refused', async () => {
    await using scene = await startGeminiScene({
      faults: {
        batches: [
          { fault: 'expired', batches: 1 },
          { fault: 'cancelled', batches: 2 },
          { fault: 'rejected', code: 'bad', message: 'No.', batches: 3 },
        ],
      },
    });
    const { client } = scene;
    const expired = await ended(client, (await createBatch(scene, lines(10))).name);
    expect(expired.state).toBe('JOB_STATE_EXPIRED');
    expect(expired.dest).toBeUndefined();
    const cancelled = await ended(client, (await createBatch(scene, lines(10))).name);
    expect(cancelled.state).toBe('JOB_STATE_CANCELLED');
    const found = [...(await results(scene, cancelled)).values()];
    expect(found.filter((line) => 'response' in line)).toHaveLength(5);
    expect(found.filter((line) => 'error' in line)).toHaveLength(5);
    const refused = await ended(client, (await createBatch(scene, lines(10))).name);
    expect(refused.state).toBe('JOB_STATE_FAILED');
    const bill = await readFile(join(scene.server.dataDir, 'bill.jsonl'), 'utf8');
    expect(bill).toContain(`{"event":"expired","batch_id":"${expired.name}","answered":0}`);
    expect(bill).toContain(`{"event":"cancelled","batch_id":"${cancelled.name}","answered":5}`);
  });

  test('of limits: too many tokens that wait, too large a file', async () => {
    await using scene = await startGeminiScene({ faults: { limits: { enqueued_tokens: 20, bytes: 2000 } } });
    const { client, origin } = scene;
    const { name } = await createBatch(scene, lines(3));
    expect((await ended(client, name)).state).toBe('JOB_STATE_FAILED');
    const shown = await fetch(`${origin}/v1beta/${name}`, { headers: { 'x-goog-api-key': 'any' } });
    expect(await shown.json()).toMatchObject({ done: true, error: { code: 8 } });
    await expect(upload(scene, lines(100))).rejects.toThrow(/at most 2000 bytes/);
  });

  test('of calls: a lost create, a quota, a download that ends early', async () => {
    await using scene = await startGeminiScene();
    const { client, server } = scene;
    const src = await upload(scene, lines(50));
    const config = { displayName: 'x' };
    await setFaults(server.emulator.url, {
      http: [{ fault: 'cut', on: 'create_batch', effect: 'done', times: 1 }],
    });
    const model = 'gemini-2.5-flash';
    await expect(client.batches.create({ model, src, config })).rejects.toThrow(/fetch failed/);
    const listed = await client.batches.list();
    expect(listed.page).toHaveLength(1);
    const job = await ended(client, listed.page[0]?.name);
    await setFaults(server.emulator.url, {
      http: [
        { fault: 'status', status: 429, on: 'create_batch', retry_after: '7s' },
        { fault: 'download_short', at: 0.5, times: 1 },
      ],
    });
    await expect(client.batches.create({ model, src, config })).rejects.toThrow(/"retryDelay":"7s"/);
    await expect(results(scene, job)).rejects.toThrow(/JSON/);
    expect((await results(scene, job)).size).toBe(50);
  });
});
