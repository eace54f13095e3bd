import { expect, it } from 'vitest';
import type { FaultsInput } from '../../src/emulator/faults/faults.ts';
import { acceptedBatches, askedRequests } from '../support/bill.ts';
import { createEmulator, promptBatch, type TestEmulator } from '../support/emulator.ts';
import type { PipelineProject } from '../support/pipeline-process.ts';
import { answers, errorsOf, expected, type Parts, project, rowCount, useNotes } from './scene.ts';

useNotes();

const model = 'claude-haiku-4-5';

function at({ url }: TestEmulator, { rest, request, ...parts }: Parts = {}): Promise<PipelineProject> {
  const provider = { type: 'anthropic', base_url: new URL(url).origin, api_key: 'test-key' };
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

it('brings structured output, usage with what was cached, and one word for how answers end', async () => {
  await using emulator = await createEmulator();
  const system = `You tag notes. ${'Be brief and to the point. '.repeat(200)}`;
  await using own = await at(emulator, {
    request: { system, output: { schema }, params: { max_tokens: 60, stop: 'END', temperature: 0 } },
    sink: { columns: { answer: 'json.tags[0]', attempt: 'usage.cached_tokens > 500 ? 1 : 0' } },
  });
  const { rows, tokens } = await own.summary();
  expect(rows.ok).toBe(rowCount);
  const { cached, input } = tokens as { readonly cached: number; readonly input: number };
  expect(cached).toBeGreaterThan(rowCount * 500);
  expect(input).toBeGreaterThan(cached);
  expect((await answers()).some(({ attempt }) => attempt === 1)).toBe(true);
});

it('asks again where an answer does not fit, of a head that is kept, which makes it no other request', async () => {
  await using emulator = await createEmulator({
    faults: { rows: [{ fault: 'misfit', every: 3, attempts: 1 }] },
  });
  const system = 'You tag notes.\n'.repeat(300);
  await using own = await at(emulator, {
    request: { system, output: { schema, on_invalid: 'reask' } },
    sink: { columns: { answer: 'string(json.tags[0])', attempt: 'attempt' } },
  });
  expect((await own.summary()).rows).toMatchObject({ ok: rowCount, failed: 0 });
  const attempts = (await answers()).map(({ id, attempt }) => [id, attempt]);
  expect(attempts).toEqual(attempts.map(([id = 0]) => [id, id % 3 === 0 ? 2 : 1]));
  expect((await own.summary()).rows).toMatchObject({ skipped: rowCount, requested: 0 });
  const { code, stderr } = await own.run('--set', 'request.cache=off');
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('0 requests') });
});

it('fails rows by their own fault, sends again what is not theirs, and says why', async () => {
  const faults: FaultsInput = {
    rows: [
      { fault: 'status', status: 400, custom_ids: ['1'] },
      { fault: 'status', status: 529, custom_ids: ['2'], times: 1 },
      { fault: 'error', code: 'batch_expired', custom_ids: ['3'], times: 1 },
      { fault: 'refusal', text: 'I cannot help with that.', custom_ids: ['4'] },
    ],
  };
  await using emulator = await createEmulator({ faults });
  await using own = await at(emulator);
  expect((await own.summary(1)).rows).toMatchObject({ ok: rowCount - 2, failed: 2 });
  const failures = (await errorsOf(own)).map(({ key, stage, code, message }) => ({
    key,
    stage,
    code,
    message,
  }));
  expect(failures).toMatchObject([
    { key: '1', stage: 'request', code: 'invalid_request_error' },
    { key: '4', stage: 'answer', code: 'refusal', message: 'I cannot help with that.' },
  ]);
  const attempts = new Map((await answers()).map(({ id, attempt }) => [id, attempt]));
  // What has expired was never run.
  expect([2, 3].map((id) => attempts.get(id))).toEqual([2, 1]);
});

it.each([
  { mode: 'batch', on: 'create_batch' },
  { mode: 'standard', on: 'answer' },
] as const)(
  'ends a run in mode $mode for want of credit, and goes on once there is some',
  async ({ mode, on }) => {
    const error = { type: 'invalid_request_error', message: 'Your credit balance is too low.' };
    const body = { type: 'error', error, request_id: 'req_1' };
    await using emulator = await createEmulator({
      faults: { http: [{ fault: 'status', status: 400, body, on }] },
    });
    await using own = await at(emulator, { rest: { mode } });
    const { code, stderr } = await own.run();
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('credit balance') });
    await fetch(new URL('/emulator/faults', emulator.url), { method: 'DELETE' });
    expect((await own.summary()).rows).toMatchObject({ ok: rowCount, failed: 0, pending: 0 });
  },
);

it('makes a refused file smaller, and takes out what it names', async () => {
  const refusal = {
    type: 'invalid_request_error',
    message: 'requests.1.custom_id: String should match pattern',
  };
  const faults: FaultsInput = {
    limits: { requests: 7 },
    http: [
      {
        fault: 'status',
        status: 400,
        on: 'create_batch',
        times: 1,
        body: { type: 'error', error: refusal, request_id: 'req_1' },
      },
    ],
  };
  await using emulator = await createEmulator({ faults });
  await using own = await at(emulator, { batch: { ...promptBatch, max_requests: 100 } });
  expect((await own.summary(1)).rows).toMatchObject({ ok: rowCount - 1, failed: 1 });
  expect(await errorsOf(own)).toMatchObject([{ key: '2', stage: 'request' }]);
});

it('lists at their lines what Anthropic cannot do', async () => {
  await using emulator = await createEmulator();
  const open = { ...schema, additionalProperties: true };
  await using own = await at(emulator, {
    request: { output: { schema: open }, params: { seed: 1, temperature: 1.5 } },
  });
  const { code, stderr } = await own.cli('validate', 'pipeline.yaml');
  expect(code).toBe(2);
  expect(stderr).toMatch(/:\d+:\d+ +request\.params\.seed +is not available at anthropic; openai and gemini/);
  expect(stderr).toMatch(/request\.params\.temperature +must be 1 or less/);
  expect(stderr).toMatch(/request\.output\.schema\.additionalProperties +is required and must be false/);
});
