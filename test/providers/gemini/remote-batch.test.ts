import { expect, test } from 'vitest';
import type { BatchLabel } from '../../../src/core/batch-side.ts';
import { displayNameOf, labelOf } from '../../../src/providers/gemini/label.ts';
import { remoteBatch } from '../../../src/providers/gemini/remote-batch.ts';

const label: BatchLabel = {
  pipeline: 'nightly-tags',
  job: '0123456789abcdef',
  run: '20261123-142501-1f3a9c',
  chunk: 12,
  attempt: 3,
};

test('a label comes back from its name, whatever the pipeline is called', () => {
  for (const pipeline of ['a', 'nightly-tags', 'a-0123456789abcdef', 'a-20261123-142501-1f3a9c-1-1', '-'])
    expect(labelOf(displayNameOf({ ...label, pipeline }))).toEqual({ ...label, pipeline });
  expect(labelOf(displayNameOf({ ...label, job: null }))).toEqual({ ...label, job: null });
  for (const name of [null, 'mine', 'batchline-a-1-1']) expect(labelOf(name)).toBeNull();
});

const metadata = {
  displayName: displayNameOf(label),
  inputConfig: { fileName: 'files/in' },
  createTime: '2026-11-23T14:25:01Z',
};

test("an operation is read, its counts as texts and REST's states", () => {
  const batch = remoteBatch({
    name: 'batches/1',
    metadata: {
      ...metadata,
      state: 'BATCH_STATE_SUCCEEDED',
      endTime: '2026-11-23T15:00:00Z',
      batchStats: { requestCount: '5', successfulRequestCount: '4', failedRequestCount: '1' },
      output: { responsesFile: 'files/batch-out' },
    },
    done: true,
    response: { responsesFile: 'files/batch-out' },
  });
  const createdAt = Date.parse('2026-11-23T14:25:01Z');
  expect(batch).toEqual({
    id: 'batches/1',
    status: 'completed',
    rawStatus: 'BATCH_STATE_SUCCEEDED',
    label,
    input: null,
    results: [{ id: 'files/batch-out', holds: 'both' }],
    refusal: null,
    createdAt,
    expiresAt: createdAt + 48 * 3_600_000,
    endedAt: Date.parse('2026-11-23T15:00:00Z'),
    counts: { total: 5, completed: 4, failed: 1 },
  });
});

test('so is what the official SDK shows', () => {
  const batch = remoteBatch({
    name: 'batches/1',
    displayName: metadata.displayName,
    state: 'JOB_STATE_PARTIALLY_SUCCEEDED',
    src: { fileName: 'files/in' },
    dest: { fileName: 'files/batch-out' },
    completionStats: { successfulCount: 4, failedCount: 1, incompleteCount: 2 },
  });
  expect(batch).toMatchObject({
    status: 'completed',
    label,
    results: [{ id: 'files/batch-out' }],
    counts: { total: 7, completed: 4, failed: 1 },
  });
});

test.each([
  ['the beginning of our name', { displayName: 'batchline-nightly-tags-01' }, 'files/in'],
  ['no name', { displayName: undefined }, 'files/in'],
  ['our whole name', {}, null],
  ["another's name", { displayName: 'mine' }, null],
])('a batch with %s is known by its upload, if it has to be', (_what, more, input) => {
  expect(remoteBatch({ name: 'batches/1', metadata: { ...metadata, ...more } })).toMatchObject({ input });
});

test.each([
  [{ state: 'BATCH_STATE_PENDING' }, {}, 'validating'],
  [{ state: 'JOB_STATE_RUNNING' }, {}, 'in_progress'],
  [{ state: 'JOB_STATE_PAUSED' }, {}, 'in_progress'],
  [{ state: 'BATCH_STATE_CANCELLED' }, { done: true, error: { code: 1 } }, 'cancelled'],
  [{ state: 'BATCH_STATE_EXPIRED' }, { done: true }, 'expired'],
  [{ state: 'BATCH_STATE_DREAMING' }, {}, 'unknown'],
  [{}, { done: true, error: { code: 1 } }, 'cancelled'],
  [{}, { done: true, error: { code: 13 } }, 'failed'],
  [{}, { done: true, response: {} }, 'completed'],
])('%j with %j is %s', (state, operation, status) => {
  expect(remoteBatch({ name: 'batches/1', metadata: state, ...operation })).toMatchObject({ status });
});

test('a batch whose answers stand in it does not count as one without any', () => {
  const batch = remoteBatch({
    name: 'batches/1',
    metadata: {
      state: 'BATCH_STATE_SUCCEEDED',
      batchStats: { requestCount: '2' },
      output: { inlinedResponses: { inlinedResponses: [{ response: {} }] } },
    },
  });
  expect(batch).toMatchObject({ status: 'completed', results: [], counts: null });
});

test('an expired batch without a file has no answers, whatever its counters say', () => {
  const batchStats = { requestCount: '5', successfulRequestCount: '3' };
  const expired = { state: 'BATCH_STATE_EXPIRED', batchStats };
  expect(remoteBatch({ name: 'batches/1', metadata: expired })).toMatchObject({
    counts: null,
    refusal: null,
  });
});

const failed = (error: object, more: object = {}) =>
  remoteBatch({ name: 'batches/1', metadata: { state: 'BATCH_STATE_FAILED', ...more }, done: true, error })
    ?.refusal;

test.each([
  [{ code: 3, message: 'Lines 2, 4 and 7: not JSON.' }, [2, 4, 7]],
  [{ code: 3, message: 'Bad.', details: violations('requests[1]') }, [2]],
])('%j names lines', (error, lines) => {
  const refusal = failed(error);
  if (refusal?.kind !== 'lines') throw new Error(`It is ${refusal?.kind}.`);
  expect([...refusal.lines.keys()]).toEqual(lines);
});

test.each([
  [
    { code: 8, message: 'Enqueued tokens exceeded, limit: 3,000,000.' },
    { of: 'tokens', limit: 3_000_000 },
  ],
  [
    { code: 8, message: 'Too many concurrent batch requests.' },
    { of: 'batches', limit: null },
  ],
])('%j wants room', (error, room) => {
  expect(failed(error)).toMatchObject({ kind: 'room', ...room });
});

test('other failures say what they say', () => {
  expect(failed({ code: 3, message: 'The input file is too large.' })).toMatchObject({ kind: 'size' });
  expect(failed({ code: 13, message: 'Sorry.' })).toEqual({ kind: 'unexplained', message: 'Sorry.' });
  expect(failed({ code: 8, message: 'Your prepayment credits are depleted.' })).toMatchObject({
    kind: 'unexplained',
  });
});

test('a failed batch that has answered something is not refused', () => {
  expect(failed({ code: 13 }, { output: { responsesFile: 'files/o' } })).toBeNull();
  expect(failed({ code: 13 }, { batchStats: { successfulRequestCount: '1' } })).toBeNull();
});

function violations(field: string) {
  const fieldViolations = [{ field, description: 'Bad.' }];
  return [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations }];
}
