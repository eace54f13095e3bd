import { expect, test } from 'vitest';
import { promptTokens } from '../../../src/emulator/faults/prompt-tokens.ts';
import { answer } from '../../../src/emulator/answers/answer.ts';
import { readBill } from '../../support/bill.ts';
import {
  chatBody,
  createBatch,
  jsonl,
  requestLine,
  runBatch,
  startTestEmulator,
  waitFor,
} from '../client.ts';

/** 100 tokens: 368 bytes, and 8 for the message. */
const line = (id: string, model = 'gpt-4o-mini') => requestLine(id, { ...chatBody('x'.repeat(368)), model });

test('no more tokens of a model are enqueued than the limit, and ended batches make room', async () => {
  await using server = await startTestEmulator({
    faults: {
      limits: { enqueued_tokens: { 'gpt-4o-mini': 1500 } },
      batches: [{ fault: 'stuck', status: 'in_progress', batches: 1 }],
    },
  });
  const { client } = server;
  const lines = Array.from({ length: 10 }, (_, row) => line(`r${row}`));
  const held = await createBatch(client, jsonl(...lines));
  await waitFor(client, held.id, 'in_progress');
  expect((await runBatch(client, jsonl(...lines.slice(0, 5)))).status).toBe('completed');
  const refused = await runBatch(client, jsonl(...lines.slice(0, 6)));
  expect(refused).toMatchObject({ status: 'failed', output_file_id: null });
  expect(refused.errors?.data).toEqual([
    {
      code: 'token_limit_exceeded',
      line: null,
      message:
        'Enqueued token limit reached for gpt-4o-mini in organization org-emulator. Limit: 1,500 enqueued tokens. Please try again once some in_progress batches have been completed.',
      param: null,
    },
  ]);
  expect((await readBill(server.dataDir)).at(-1)).toEqual({ event: 'refused', batch_id: refused.id });
  // Another model has no limit, or its own.
  const others = Array.from({ length: 20 }, (_, row) => line(`r${row}`, 'gpt-4o'));
  expect((await runBatch(client, jsonl(...others))).status).toBe('completed');
  await client.batches.cancel(held.id);
  await waitFor(client, held.id);
  expect((await runBatch(client, jsonl(...lines))).status).toBe('completed');
});

test('one limit holds for each model alone', async () => {
  await using server = await startTestEmulator({ faults: { limits: { enqueued_tokens: 150 } } });
  expect((await runBatch(server.client, jsonl(line('a', 'm1')))).status).toBe('completed');
  expect((await runBatch(server.client, jsonl(line('a', 'm2')))).status).toBe('completed');
  expect((await runBatch(server.client, jsonl(line('a'), line('b')))).errors?.data?.[0]?.code).toBe(
    'token_limit_exceeded',
  );
});

test.each([
  ['/v1/chat/completions', chatBody('hällo')],
  [
    '/v1/chat/completions',
    {
      messages: [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: [{ type: 'text', text: 'some words' }] },
      ],
    },
  ],
  ['/v1/responses', { input: 'the printer', instructions: 'be brief' }],
  ['/v1/responses', { input: [{ role: 'user', content: 'the printer is broken' }] }],
  ['/v1/embeddings', { input: 'one', model: 'm' }],
  ['/v1/embeddings', { input: ['one', 'twenty-two'], model: 'm' }],
  ['/v1/embeddings', { input: [1, 2, 3], model: 'm' }],
  ['/v1/embeddings', { input: [[1, 2, 3], [4]], model: 'm' }],
] as const)('tokens of %s are counted as its answer reports them: %j', (endpoint, body) => {
  const usage = answer(endpoint, body)['usage'] as Record<string, number>;
  expect(promptTokens(endpoint, body)).toBe(usage['prompt_tokens'] ?? usage['input_tokens']);
});

test('tokens of a request that will be refused do no harm', () => {
  const bodies = [{}, { messages: 7 }, { messages: [null, 3, { content: null }] }, { input: {} }];
  for (const body of bodies) expect(promptTokens('/v1/chat/completions', body)).toBeGreaterThanOrEqual(0);
  expect(promptTokens('/v1/embeddings', {})).toBe(0);
});
