import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { JsonMap } from '../../../src/core/json.ts';
import { createBatch, ended, lines, model, request, results, startGeminiScene, upload } from './client.ts';

describe("Gemini's batches", () => {
  test('are made of an uploaded file by the official SDK, and stand on the bill line by line', async () => {
    await using scene = await startGeminiScene();
    const { client, server, origin } = scene;
    const content = lines(300);
    const created = await createBatch(scene, content);
    expect(created).toMatchObject({
      state: 'JOB_STATE_PENDING',
      displayName: 'batchline-test',
      model: `models/${model}`,
    });
    const job = await ended(client, created.name);
    expect(job.state).toBe('JOB_STATE_SUCCEEDED');
    const found = await results(scene, job);
    expect(found.size).toBe(300);
    expect(found.get('r7')).toMatchObject({
      response: { candidates: [{ finishReason: 'STOP', content: { role: 'model' } }], modelVersion: model },
    });
    const orders = new Set([...found.values()].map((line) => Object.keys(line).join()));
    expect(orders).toEqual(new Set(['key,response', 'response,key']));
    const reply = await fetch(`${origin}/v1beta/${job.name}`, { headers: { 'x-goog-api-key': 'any' } });
    expect(await reply.json()).toMatchObject({
      name: job.name,
      done: true,
      metadata: {
        state: 'BATCH_STATE_SUCCEEDED',
        batchStats: { requestCount: '300', successfulRequestCount: '300' },
      },
      response: { responsesFile: job.dest?.fileName },
    });
    const bill = JSON.parse(await readFile(join(server.dataDir, 'bill.jsonl'), 'utf8')) as JsonMap;
    const hashes = content
      .trim()
      .split('\n')
      .map((line) => createHash('sha256').update(line).digest('hex'));
    expect(bill).toMatchObject({ event: 'accepted', batch_id: job.name, requests: hashes });
  });

  test('of requests that come along are answered in their order, with their metadata', async () => {
    await using scene = await startGeminiScene();
    const { client } = scene;
    const src = ['one', 'two', 'three'].map((text, index) => ({
      contents: [{ role: 'user', parts: [{ text }] }],
      metadata: { row: String(index) },
      ...(index === 1 ? { config: { temperature: 7 } } : {}),
    }));
    const created = await client.batches.create({ model, src, config: { displayName: 'inline' } });
    const job = await ended(client, created.name);
    const responses = job.dest?.inlinedResponses ?? [];
    expect(responses.map(({ response }) => response?.candidates?.[0]?.finishReason)).toEqual([
      'STOP',
      undefined,
      'STOP',
    ]);
    expect(responses[1]?.error).toMatchObject({ code: 3 });
    expect(responses.map((response) => response.metadata?.['row'])).toEqual(['0', '1', '2']);
  });

  test('of embeddings have the vectors that OpenAI has', async () => {
    await using scene = await startGeminiScene();
    const { client, server } = scene;
    const theirs = await server.client.embeddings.create({
      model: 'text-embedding-3-small',
      input: 'late parcels',
      dimensions: 64,
      encoding_format: 'float',
    });
    const content = { parts: [{ text: 'late parcels' }] };
    const fileName = await upload(
      scene,
      `${JSON.stringify({ key: 'a', request: { content, output_dimensionality: 64 } })}\n`,
    );
    const ofFile = await ended(
      client,
      (
        await client.batches.createEmbeddings({
          model: 'gemini-embedding-001',
          src: { fileName },
          config: { displayName: 'embeddings' },
        })
      ).name,
    );
    const line = (await results(scene, ofFile)).get('a');
    expect(line?.['response']).toEqual({
      embedding: { values: theirs.data[0]?.embedding },
      tokenCount: '3',
    });
    const inline = await ended(
      client,
      (
        await client.batches.createEmbeddings({
          model: 'gemini-embedding-001',
          src: { inlinedRequests: { contents: ['late parcels'], config: { outputDimensionality: 64 } } },
          config: { displayName: 'embeddings' },
        })
      ).name,
    );
    expect(inline.dest?.inlinedEmbedContentResponses?.[0]?.response?.embedding?.values).toEqual(
      theirs.data[0]?.embedding,
    );
  });

  test('hold errors with their codes, and are refused as a whole for a line that is none', async () => {
    await using scene = await startGeminiScene();
    const hot = { key: 'hot', request: request('Hello', { generationConfig: { temperature: 7 } }) };
    const snake = {
      key: 'snake',
      request: request('Hello', { generation_config: { max_output_tokens: 2 } }),
    };
    const content = [hot, snake].map((line) => `${JSON.stringify(line)}\n`).join('');
    const job = await ended(scene.client, (await createBatch(scene, content)).name);
    const found = await results(scene, job);
    expect(found.get('hot')).toEqual({
      key: 'hot',
      error: {
        code: 3,
        message: '* GenerateContentRequest.generation_config.temperature: must be in the range [0, 2].',
      },
    });
    expect(found.get('snake')).toMatchObject({ response: { candidates: [{ finishReason: 'MAX_TOKENS' }] } });
    const bad = await createBatch(scene, `${content}not json\n`);
    expect((await ended(scene.client, bad.name)).state).toBe('JOB_STATE_FAILED');
    const bill = await readFile(join(scene.server.dataDir, 'bill.jsonl'), 'utf8');
    expect(bill).toContain(`{"event":"refused","batch_id":"${bad.name}"}`);
  });

  test('are canceled, listed in pages newest first, and deleted', async () => {
    await using scene = await startGeminiScene({ latencyMs: 120_000 });
    const { client, server } = scene;
    const first = await createBatch(scene, lines(5));
    const second = await createBatch(scene, lines(5));
    const third = await createBatch(scene, lines(5));
    const listed: string[] = [];
    for await (const job of await client.batches.list({ config: { pageSize: 2 } }))
      listed.push(job.name ?? '');
    expect(listed).toEqual([third.name, second.name, first.name]);
    expect((await server.client.batches.list()).data).toEqual([]);
    await client.batches.cancel({ name: first.name ?? '' });
    expect((await ended(client, first.name)).state).toBe('JOB_STATE_CANCELLED');
    await expect(client.batches.delete({ name: second.name ?? '' })).rejects.toMatchObject({ status: 400 });
    await client.batches.delete({ name: first.name ?? '' });
    await expect(client.batches.get({ name: first.name ?? '' })).rejects.toMatchObject({ status: 404 });
  });

  test('are refused for what is not there', async () => {
    await using scene = await startGeminiScene();
    const { client } = scene;
    const config = { displayName: 'x' };
    await expect(client.batches.create({ model, src: 'files/nothing', config })).rejects.toThrow(
      /PERMISSION_DENIED/,
    );
    const src = await upload(scene, lines(1));
    await expect(client.batches.create({ model: 'no-such-model', src, config })).rejects.toThrow(
      /no-such-model is not found for API version v1beta/,
    );
  });
});
