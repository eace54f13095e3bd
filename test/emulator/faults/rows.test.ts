import type OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import type { FaultsInput } from '../../../src/emulator/faults/faults.ts';
import type { Endpoint } from '../../../src/emulator/state/batch-record.ts';
import {
  chatBody,
  jsonl,
  rawLines,
  requestLine,
  results,
  runBatch,
  startTestEmulator,
  type ResultLine,
} from '../client.ts';

type RowFaults = NonNullable<FaultsInput['rows']>;

const twenty = Array.from({ length: 20 }, (_, row) => requestLine(`r${row}`, chatBody(`row ${row}`)));

interface Outcome {
  readonly batch: OpenAI.Batch;
  readonly output: readonly ResultLine[];
  readonly errors: readonly ResultLine[];
}

async function resultsOf(client: OpenAI, lines: readonly string[], endpoint?: Endpoint): Promise<Outcome> {
  const batch = await runBatch(client, jsonl(...lines), endpoint);
  const output = await results(client, batch.output_file_id);
  return { batch, output, errors: await results(client, batch.error_file_id) };
}

async function run(rows: RowFaults, lines: readonly string[] = twenty, seed = 0): Promise<Outcome> {
  await using server = await startTestEmulator({ faults: { seed, rows } });
  return await resultsOf(server.client, lines);
}

function ids(lines: readonly ResultLine[]): string[] {
  return lines.map((line) => line.custom_id).toSorted();
}

describe('rows are chosen', () => {
  test('by their ids', async () => {
    const { batch, output, errors } = await run([
      { fault: 'status', status: 429, custom_ids: ['r3', 'r7', 'elsewhere'] },
    ]);
    expect(ids(errors)).toEqual(['r3', 'r7']);
    expect(output).toHaveLength(18);
    expect(batch).toMatchObject({
      status: 'completed',
      request_counts: { total: 20, completed: 18, failed: 2 },
    });
  });

  test('as every Nth of the file, whatever order the results have', async () => {
    const { errors } = await run([{ fault: 'status', status: 500, every: 5 }]);
    expect(ids(errors)).toEqual(['r14', 'r19', 'r4', 'r9']);
  });

  test('as a fraction that follows from the seed and their ids', async () => {
    const lines = Array.from({ length: 1000 }, (_, row) => requestLine(`r${row}`, chatBody('x')));
    const rows: RowFaults = [{ fault: 'status', status: 500, fraction: 0.3 }];
    const first = ids((await run(rows, lines, 1)).errors);
    expect(first.length).toBeGreaterThan(230);
    expect(first.length).toBeLessThan(370);
    expect(ids((await run(rows, lines.toReversed(), 1)).errors)).toEqual(first);
    expect(ids((await run(rows, lines, 2)).errors)).not.toEqual(first);
  });

  test('by the first fault that fits each', async () => {
    const { output, errors } = await run([
      { fault: 'missing', custom_ids: ['r1'] },
      { fault: 'status', status: 400, custom_ids: ['r1', 'r2'] },
    ]);
    expect(ids(errors)).toEqual(['r2']);
    expect(output).toHaveLength(18);
  });

  test('by batch, and by how often they were sent', async () => {
    await using server = await startTestEmulator({
      faults: {
        rows: [
          { fault: 'missing', custom_ids: ['r0'], batches: 2 },
          { fault: 'status', status: 400, custom_ids: ['r1'], times: 1 },
          { fault: 'status', status: 429, custom_ids: ['r2'], attempts: 2 },
        ],
      },
    });
    const first = await resultsOf(server.client, twenty.slice(0, 2));
    expect([ids(first.output), ids(first.errors)]).toEqual([['r0'], ['r1']]);
    // The attempts are those of the row, not of the batch.
    const second = await resultsOf(server.client, twenty.slice(0, 3));
    expect([ids(second.output), ids(second.errors)]).toEqual([['r1'], ['r2']]);
    const third = await resultsOf(server.client, twenty.slice(0, 3));
    expect([ids(third.output), ids(third.errors)]).toEqual([['r0', 'r1'], ['r2']]);
    const fourth = await resultsOf(server.client, twenty.slice(0, 3));
    expect([ids(fourth.output), ids(fourth.errors)]).toEqual([['r0', 'r1', 'r2'], []]);
  });
});

describe('a row', () => {
  test('fails with a status and the body that belongs to it, or with its own', async () => {
    const { errors } = await run([
      { fault: 'status', status: 429, custom_ids: ['r1'] },
      { fault: 'status', status: 418, custom_ids: ['r2'], body: { error: { message: 'teapot' } } },
    ]);
    const byId = new Map(errors.map((line) => [line.custom_id, line]));
    expect(byId.get('r1')).toMatchObject({
      error: null,
      response: { status_code: 429, body: { error: { code: 'rate_limit_exceeded', type: 'requests' } } },
    });
    expect(byId.get('r2')?.response).toMatchObject({
      status_code: 418,
      body: { error: { message: 'teapot' } },
    });
  });

  test("fails as the provider's worker does, with status 0 and nothing else", async () => {
    const { errors } = await run([{ fault: 'status', status: 0, custom_ids: ['r1'] }]);
    expect(errors).toMatchObject([{ error: null, response: { status_code: 0, request_id: '', body: {} } }]);
    expect(errors[0]?.response?.body).toEqual({});
  });

  test('fails without a response', async () => {
    const { errors } = await run([{ fault: 'error', code: 'batch_expired', custom_ids: ['r1'] }]);
    expect(errors).toMatchObject([{ custom_id: 'r1', response: null, error: { code: 'batch_expired' } }]);
  });

  test('is in neither file', async () => {
    const { batch, output, errors } = await run([{ fault: 'missing', every: 2 }]);
    expect(output).toHaveLength(10);
    expect(errors).toEqual([]);
    expect(batch.request_counts).toEqual({ total: 20, completed: 20, failed: 0 });
  });

  test('is answered twice: the same, otherwise, or with a failure', async () => {
    const { output, errors } = await run([
      { fault: 'duplicate', custom_ids: ['r1'] },
      { fault: 'duplicate', second: 'other', custom_ids: ['r2'] },
      { fault: 'duplicate', second: 'failure', custom_ids: ['r3'] },
    ]);
    const of = (id: string): string[] =>
      output.filter((line) => line.custom_id === id).map((line) => JSON.stringify(line.response?.body));
    expect(new Set(of('r1'))).toHaveLength(1);
    expect(of('r1')).toHaveLength(2);
    expect(new Set(of('r2'))).toHaveLength(2);
    expect(of('r3')).toHaveLength(1);
    expect(errors).toMatchObject([{ custom_id: 'r3', response: { status_code: 500 } }]);
  });

  test('has a stranger beside it', async () => {
    const { output } = await run([
      { fault: 'stranger', custom_ids: ['r1'] },
      { fault: 'stranger', custom_id: 'nobody', custom_ids: ['r2'] },
    ]);
    const strangers = ids(output).filter((id) => !/^r\d+$/.test(id));
    expect(strangers).toEqual(['nobody', expect.stringMatching(/^stranger-[0-9a-f]{16}$/)]);
    expect(output).toHaveLength(22);
  });

  test('is a line that cannot be parsed', async () => {
    await using server = await startTestEmulator({
      faults: {
        rows: [
          { fault: 'unparsable', custom_ids: ['r1'] },
          { fault: 'unparsable', line: '<html>', custom_ids: ['r2'] },
        ],
      },
    });
    const batch = await runBatch(server.client, jsonl(...twenty));
    const lines = await rawLines(server.client, batch.output_file_id);
    const broken = lines.filter((line) => !line.endsWith('}'));
    expect(lines).toHaveLength(20);
    expect(broken.toSorted()).toEqual(['<html>', expect.stringMatching(/^\{"id":"batch_req_.*"r1"/)]);
  });
});

const schema = {
  type: 'object',
  properties: { tag: { type: 'string' } },
  required: ['tag'],
  additionalProperties: false,
};
const response_format = { type: 'json_schema', json_schema: { name: 'x', schema } };

async function chatChoice(fault: RowFaults[number], more: object = {}): Promise<Record<string, unknown>> {
  const { output } = await run([fault], [requestLine('a', chatBody('the printer is broken', more))]);
  const choices = output[0]?.response?.body['choices'] as Record<string, unknown>[] | undefined;
  return choices?.[0] ?? {};
}

describe('a chat answer', () => {
  test('is any text', async () => {
    const choice = await chatChoice({ fault: 'answer', text: 'no JSON' }, { response_format });
    expect(choice).toMatchObject({ message: { content: 'no JSON' }, finish_reason: 'stop' });
  });

  test('is JSON that does not fit the schema', async () => {
    const choice = await chatChoice({ fault: 'misfit' }, { response_format });
    expect(choice).toMatchObject({ message: { content: '["this does not fit"]' } });
  });

  test('is a refusal', async () => {
    expect(await chatChoice({ fault: 'refusal', text: 'I cannot.' })).toMatchObject({
      message: { content: null, refusal: 'I cannot.' },
    });
  });

  test('is cut off, or filtered', async () => {
    const whole = await chatChoice({ fault: 'missing', custom_ids: ['other'] });
    const half = await chatChoice({ fault: 'length' });
    const { content } = whole['message'] as { content: string };
    expect(half).toMatchObject({
      finish_reason: 'length',
      message: { content: content.slice(0, Math.floor(content.length / 2)) },
    });
    expect(await chatChoice({ fault: 'content_filter' })).toMatchObject({
      finish_reason: 'content_filter',
      message: { content: '' },
    });
  });

  test.each([
    ['nul', /\u0000/],
    ['lone_surrogate', /\ud800(?![\udc00-\udfff])/],
  ] as const)('has a %s in it, in JSON inside of its first text', async (fault, pattern) => {
    const plain = (await chatChoice({ fault })) as { message: { content: string } };
    expect(plain.message.content).toMatch(pattern);
    const structured = (await chatChoice({ fault }, { response_format })) as { message: { content: string } };
    expect(structured.message.content).not.toMatch(pattern);
    expect((JSON.parse(structured.message.content) as { tag: string }).tag).toMatch(pattern);
  });
});

async function answerAt(endpoint: Endpoint, fault: RowFaults[number], body: object) {
  await using server = await startTestEmulator({ faults: { rows: [fault] } });
  const { output } = await resultsOf(server.client, [requestLine('a', body, { url: endpoint })], endpoint);
  return output[0]?.response?.body;
}

describe('an answer of another endpoint', () => {
  const responses = { model: 'gpt-4o-mini', input: 'the printer is broken' };

  test('is changed in the shape of a response', async () => {
    expect(await answerAt('/v1/responses', { fault: 'length' }, responses)).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    });
    expect(await answerAt('/v1/responses', { fault: 'refusal' }, responses)).toMatchObject({
      status: 'completed',
      output: [{ content: [{ type: 'refusal', refusal: expect.any(String) }] }],
    });
    expect(await answerAt('/v1/responses', { fault: 'answer', text: 'x' }, responses)).toMatchObject({
      output: [{ content: [{ type: 'output_text', text: 'x' }] }],
    });
  });

  test.each(['float', 'base64'])('is an embedding that is too short (%s)', async (encoding_format) => {
    const request = { model: 'my-model', input: 'x', dimensions: 8, encoding_format };
    const body = await answerAt('/v1/embeddings', { fault: 'misfit' }, request);
    const data = body?.['data'] as { embedding: string | number[] }[] | undefined;
    const embedding = data?.[0]?.embedding ?? '';
    expect(
      typeof embedding === 'string' ? Buffer.from(embedding, 'base64').length / 4 : embedding.length,
    ).toBe(7);
  });
});
