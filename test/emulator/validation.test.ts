import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Endpoint } from '../../src/emulator/state/batch-record.ts';
import { chatBody, jsonl, requestLine, runBatch, startTestEmulator } from './client.ts';

interface Fault {
  readonly code: string;
  readonly line: number | null;
  readonly param?: string | null;
}

const good = requestLine('good', chatBody('x'));
const embeddings = { url: '/v1/embeddings' };
const withoutPart = (name: string): string => {
  const { [name]: _gone, ...rest } = JSON.parse(requestLine('a', chatBody('x'))) as Record<string, unknown>;
  return JSON.stringify(rest);
};

describe('a batch fails, with nothing charged, for', () => {
  const cases: [string, string, Fault, Endpoint?][] = [
    ['an empty file of blank lines', '\n \n', { code: 'empty_file', line: null }],
    ['a line that is no JSON', jsonl(good, '{"custom_id":'), { code: 'invalid_json_line', line: 2 }],
    ['a line that is no object', jsonl(good, '[]'), { code: 'invalid_json_line', line: 2 }],
    [
      'a blank line between others',
      jsonl(good, '', requestLine('b', chatBody('x'))),
      { code: 'invalid_json_line', line: 2 },
    ],
    ['a byte order mark', `\uFEFF${jsonl(good)}`, { code: 'invalid_json_line', line: 1 }],
    [
      'a missing custom_id',
      jsonl(good, withoutPart('custom_id')),
      { code: 'missing_required_parameter', line: 2, param: 'custom_id' },
    ],
    [
      'a missing method',
      jsonl(withoutPart('method')),
      { code: 'missing_required_parameter', line: 1, param: 'method' },
    ],
    [
      'a missing url',
      jsonl(withoutPart('url')),
      { code: 'missing_required_parameter', line: 1, param: 'url' },
    ],
    [
      'a missing body',
      jsonl(withoutPart('body')),
      { code: 'missing_required_parameter', line: 1, param: 'body' },
    ],
    [
      'a custom_id that is a number',
      jsonl(requestLine('a', {}, { custom_id: 7 })),
      { code: 'invalid_type', line: 1 },
    ],
    ['a custom_id used twice', jsonl(good, good), { code: 'duplicate_custom_id', line: 2 }],
    [
      'a method that is not POST',
      jsonl(requestLine('a', chatBody('x'), { method: 'GET' })),
      { code: 'invalid_method', line: 1 },
    ],
    [
      'an unknown url',
      jsonl(requestLine('a', chatBody('x'), { url: '/v1/other' })),
      { code: 'invalid_url', line: 1 },
    ],
    [
      "a url that is not the batch's",
      jsonl(requestLine('a', chatBody('x'), embeddings)),
      { code: 'mismatched_url', line: 1 },
    ],
    [
      'two models',
      jsonl(good, requestLine('b', chatBody('x', { model: 'gpt-4o' }))),
      { code: 'mismatched_model', line: 2 },
    ],
    [
      'streaming',
      jsonl(requestLine('a', chatBody('x', { stream: true }))),
      { code: 'invalid_request', line: 1 },
    ],
    [
      'more than 50,000 embedding inputs',
      jsonl(
        ...Array.from({ length: 26 }, (_, row) =>
          requestLine(`r${row}`, { model: 'm', input: Array.from({ length: 2000 }, () => 'a') }, embeddings),
        ),
      ),
      { code: 'too_many_embedding_inputs', line: null },
      '/v1/embeddings',
    ],
    [
      'more than 50,000 requests',
      jsonl(...Array.from({ length: 50_001 }, (_, row) => requestLine(`r${row}`, chatBody('x')))),
      { code: 'too_many_requests', line: null },
    ],
  ];
  test.each(cases)('%s', async (_name, content, fault, endpoint) => {
    await using server = await startTestEmulator();
    const batch = await runBatch(server.client, content, endpoint);
    expect(batch).toMatchObject({ status: 'failed', output_file_id: null, error_file_id: null, usage: null });
    expect(batch.failed_at).toEqual(expect.any(Number));
    expect(batch.errors?.object).toBe('list');
    expect(batch.errors?.data).toHaveLength(1);
    expect(batch.errors?.data?.[0]).toMatchObject({ ...fault, message: expect.stringMatching(/\w/) });
    const bill = await readFile(join(server.dataDir, 'bill.jsonl'), 'utf8');
    expect(bill).toContain(`{"event":"refused","batch_id":"${batch.id}"}`);
  });
});

test('every faulty line is named, and bytes that are no UTF-8 are a fault', async () => {
  await using server = await startTestEmulator();
  const invalid = Buffer.from(good).fill(0xff, 20, 21).toString('latin1');
  const file = new File([Buffer.from(jsonl(good, invalid, 'x', good), 'latin1')], 'x.jsonl');
  const { id } = await server.client.files.create({ purpose: 'batch', file });
  const { id: batchId } = await server.client.batches.create({
    input_file_id: id,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  });
  await expect
    .poll(async () =>
      (await server.client.batches.retrieve(batchId)).errors?.data?.map((fault) => [fault.line, fault.code]),
    )
    .toEqual([
      [2, 'invalid_json_line'],
      [3, 'invalid_json_line'],
      [4, 'duplicate_custom_id'],
    ]);
});

test('trailing blank lines, a missing last line feed and carriage returns are allowed', async () => {
  await using server = await startTestEmulator();
  const other = requestLine('b', chatBody('x'));
  for (const content of [`${good}\n${other}`, `${good}\r\n${other}\r\n\r\n\n`]) {
    const batch = await runBatch(server.client, content);
    expect(batch).toMatchObject({ status: 'completed', request_counts: { total: 2, completed: 2 } });
  }
});
