import { expect, it } from 'vitest';
import type { FaultsInput } from '../../src/emulator/faults/faults.ts';
import { acceptedBatches, askedRequests } from '../support/bill.ts';
import { createEmulator, promptBatch, type TestEmulator } from '../support/emulator.ts';
import type { PipelineProject } from '../support/pipeline-process.ts';
import { answers, errorsOf, expected, type Parts, project, rowCount, useNotes } from './scene.ts';

useNotes();

const model = 'gemini-2.5-flash';

function at({ url }: TestEmulator, { rest, request, ...parts }: Parts = {}): Promise<PipelineProject> {
  const provider = { type: 'gemini', base_url: new URL(url).origin, api_key: 'test-key' };
  return project(url, { ...parts, request: { model, ...request }, rest: { provider, ...rest } });
}

it.each(['batch', 'standard'])(
  'answers every row once in mode %s, as any other provider does',
  async (mode) => {
    await using emulator = await createEmulator();
    await using own = await at(emulator, { rest: { mode }, batch: { max_requests: 5 } });
    const isBatch = mode === 'batch';
    expect(await own.summary()).toMatchObject({
      status: 'completed',
      rows: { requested: rowCount, ok: rowCount },
      batches: { completed: isBatch ? 3 : 0 },
      requests: { batch: isBatch ? rowCount : 0, standard: isBatch ? 0 : rowCount, in_doubt: 0 },
    });
    expect(await answers()).toEqual(expected(() => 1));
    const bill = await emulator.bill();
    expect(acceptedBatches(bill)).toBe(isBatch ? 3 : 0);
    expect(new Set(askedRequests(bill)).size).toBe(isBatch ? 0 : rowCount);
    expect((await own.summary()).rows).toMatchObject({ requested: 0, skipped: rowCount });
  },
);

const schema = {
  type: 'object',
  properties: { tags: { type: 'array', items: { type: 'string' } } },
  required: ['tags'],
  additionalProperties: false,
};

it.each(['batch', 'standard'])('brings structured output in mode %s', async (mode) => {
  await using emulator = await createEmulator();
  await using own = await at(emulator, {
    rest: { mode },
    request: {
      system: 'You tag notes.',
      output: { schema },
      params: { max_tokens: 60, stop: 'END', temperature: 0, top_p: 0.9, seed: 1 },
    },
    sink: { columns: { answer: 'json.tags[0]', attempt: 'usage.input_tokens > 0 ? 1 : 0' } },
  });
  expect((await own.summary()).rows.ok).toBe(rowCount);
  expect((await answers()).some(({ attempt }) => attempt === 1)).toBe(true);
});

it.each(['batch', 'standard'])('brings embeddings in mode %s', async (mode) => {
  await using emulator = await createEmulator();
  await using own = await at(emulator, {
    rest: { mode },
    request: {
      endpoint: 'embeddings',
      model: 'gemini-embedding-001',
      prompt: undefined,
      input: '{{ body }}',
      params: { dimensions: 128 },
    },
    sink: { columns: { answer: 'string(size(embedding))', attempt: 'attempt' } },
  });
  expect((await own.summary()).rows.ok).toBe(rowCount);
  expect((await answers()).map(({ answer }) => answer)).toEqual(
    Array.from({ length: rowCount }, () => '128'),
  );
});

it('fails rows by their own fault, sends again what is not theirs, and says why', async () => {
  const faults: FaultsInput = {
    rows: [
      { fault: 'status', status: 400, custom_ids: ['1'] },
      { fault: 'status', status: 500, custom_ids: ['2'], times: 1 },
      { fault: 'error', code: '8', message: 'Slow.', custom_ids: ['3'], times: 1 },
      { fault: 'refusal', custom_ids: ['4'] },
      { fault: 'content_filter', custom_ids: ['5'] },
    ],
  };
  await using emulator = await createEmulator({ faults });
  await using own = await at(emulator);
  expect((await own.summary(1)).rows).toMatchObject({ ok: rowCount - 3, failed: 3 });
  const failures = (await errorsOf(own)).map(({ key, stage, code }) => ({ key, stage, code }));
  expect(failures).toMatchObject([
    { key: '1', stage: 'request', code: 'invalid_argument' },
    { key: '4', stage: 'answer', code: 'content_filter' },
    { key: '5', stage: 'answer', code: 'refusal' },
  ]);
  const attempts = new Map((await answers()).map(({ id, attempt }) => [id, attempt]));
  // What came too early was never run.
  expect([2, 3].map((id) => attempts.get(id))).toEqual([2, 1]);
});

it('sends the rows of an expired batch again', async () => {
  await using emulator = await createEmulator({ faults: { batches: [{ fault: 'expired', batches: 1 }] } });
  await using own = await at(emulator);
  expect(await own.summary()).toMatchObject({
    rows: { ok: rowCount },
    batches: { expired: 1, completed: 1 },
  });
});

const perDay = {
  code: 429,
  message: 'You exceeded your current quota, please check your plan and billing details.',
  status: 'RESOURCE_EXHAUSTED',
  details: [
    {
      '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
      violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel' }],
    },
  ],
};

it.each([
  { mode: 'batch', on: 'create_batch' },
  { mode: 'standard', on: 'answer' },
] as const)('ends a run in mode $mode for the quota of a day, and goes on the next', async ({ mode, on }) => {
  await using emulator = await createEmulator({
    faults: { http: [{ fault: 'status', status: 429, body: { error: perDay }, on }] },
  });
  await using own = await at(emulator, { rest: { mode } });
  const { code, stderr } = await own.run();
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('current quota') });
  await fetch(new URL('/emulator/faults', emulator.url), { method: 'DELETE' });
  expect((await own.summary()).rows).toMatchObject({ ok: rowCount, failed: 0, pending: 0 });
});

it('waits for room, and makes a refused file smaller', async () => {
  const faults: FaultsInput = { limits: { requests: 7 } };
  await using emulator = await createEmulator({ faults });
  await using own = await at(emulator, { batch: { ...promptBatch, max_requests: 100 } });
  expect((await own.summary()).rows).toMatchObject({ ok: rowCount });
});

it('lists at their lines what Gemini cannot do', async () => {
  await using emulator = await createEmulator();
  await using own = await at(emulator, { request: { endpoint: 'responses', params: { contents: [] } } });
  const { code, stderr } = await own.cli('validate', 'pipeline.yaml');
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /:\d+:\d+ +request\.endpoint +responses is not available at gemini; use chat, or provider\.type openai/,
  );
});
