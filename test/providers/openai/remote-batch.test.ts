import { describe, expect, test } from 'vitest';
import { metadataOf, remoteBatch } from '../../../src/providers/openai/remote-batch.ts';
import { statedLimit } from '../../../src/providers/openai/want-of-room.ts';

test('reads a batch of OpenAI', () => {
  expect(
    remoteBatch({
      id: 'batch_1',
      object: 'batch',
      endpoint: '/v1/chat/completions',
      status: 'in_progress',
      input_file_id: 'file-1',
      output_file_id: null,
      error_file_id: '',
      created_at: 1_711_471_533,
      expires_at: 1_711_557_933,
      metadata: { a: 'b' },
      request_counts: { total: 3, completed: 1, failed: 0 },
    }),
  ).toEqual({
    id: 'batch_1',
    status: 'in_progress',
    rawStatus: 'in_progress',
    input: 'file-1',
    results: [],
    refusal: null,
    endedAt: null,
    createdAt: 1_711_471_533_000,
    expiresAt: 1_711_557_933_000,
    label: null,
    counts: { total: 3, completed: 1, failed: 0 },
  });
});

test.each([
  ['Validating', 'validating'],
  ['IN_PROGRESS', 'in_progress'],
  ['PROGRESS', 'in_progress'],
  ['InProgress', 'in_progress'],
  ['in-progress', 'in_progress'],
  ['COMPLETED', 'completed'],
  ['canceled', 'cancelled'],
  ['QUEUED', 'validating'],
  ['TIMEOUT_EXCEEDED', 'expired'],
  ['Failed', 'failed'],
  ['constructor', 'unknown'],
  ['teleporting', 'unknown'],
  [undefined, 'unknown'],
])('understands the state %s', (word, status) => {
  expect(remoteBatch({ id: 'b', status: word })?.status).toBe(status);
});

test('reads the times, counts and wrappers of other servers', () => {
  const batch = remoteBatch({
    job: {
      id: 'b',
      status: 'COMPLETED',
      created_at: '2026-11-22T10:00:00Z',
      expires_at: '1711471533',
      request_counts: { total: 5, completed: null },
    },
    warning: 'x',
  });
  expect(batch).toMatchObject({
    id: 'b',
    createdAt: Date.UTC(2026, 10, 22, 10),
    expiresAt: 1_711_471_533_000,
    counts: { total: 5, completed: 0, failed: 0 },
  });
  expect(
    remoteBatch({ id: 'b', request_counts: { total: null }, metadata: null, errors: null }),
  ).toMatchObject({ counts: null, label: null, refusal: null });
});

test('knows what is ours by what it was created with', () => {
  const label = { pipeline: 'tags', job: '0123456789abcdef', run: 'r1', chunk: 3, attempt: 2 };
  expect(remoteBatch({ id: 'b', metadata: metadataOf(label) })?.label).toEqual(label);
  expect(
    remoteBatch({ id: 'b', metadata: { ...metadataOf(label), batchline_chunk: 'x' } })?.label,
  ).toBeNull();
});

test('tells answers from errors', () => {
  const batch = { id: 'b', status: 'completed', output_file_id: 'out', error_file_id: 'err' };
  expect(remoteBatch(batch)?.results).toEqual([
    { id: 'out', holds: 'answers' },
    { id: 'err', holds: 'errors' },
  ]);
});

const refusalOf = (data: readonly unknown[], status = 'failed') =>
  remoteBatch({ id: 'b', status, errors: { object: 'list', data } })?.refusal;

describe('a batch that was refused', () => {
  test('names lines', () => {
    const data = [
      { code: 'invalid_json_line', line: 3, message: 'not JSON', param: null },
      { message: 'other', line: null },
    ];
    expect(refusalOf(data)).toEqual({
      kind: 'lines',
      lines: new Map([[3, { code: 'invalid_json_line', message: 'not JSON' }]]),
    });
    expect(refusalOf(data, 'completed')).toBeNull();
  });

  test('wants room', () => {
    const message = 'Enqueued token limit reached. Limit: 90,000 enqueued tokens.';
    expect(refusalOf([{ code: 'token_limit_exceeded', message, line: null }])).toEqual({
      kind: 'room',
      of: 'tokens',
      limit: 90_000,
      message,
    });
  });

  test('explains nothing', () => {
    expect(refusalOf([{ message: 'first' }, { message: 'second' }])).toEqual({
      kind: 'unexplained',
      message: 'first; second',
    });
    expect(refusalOf([])).toEqual({ kind: 'unexplained', message: 'it gave no reason' });
  });
});

test.each([null, 'x', 1, [], {}, { id: '' }, { error: { message: 'gone' } }])(
  'takes %j for no batch',
  (answer) => {
    expect(remoteBatch(answer)).toBeUndefined();
  },
);

test.each([
  ['Enqueued token limit reached. Limit: 2,000,000 enqueued tokens. Please try again.', 2_000_000],
  ['limit: 90000', 90_000],
  ['Limit: 1.500.000 tokens', 1_500_000],
  ['Enqueued token limit reached for gpt-4o.', null],
  ['Limit: unknown', null],
  ['Limit: 90000. 12 batches are in progress', 90_000],
])('the limit that a refusal names in %j is %j', (message, limit) => {
  expect(statedLimit(message)).toBe(limit);
});
