import { expect, test } from 'vitest';
import { pageOf, remoteBatch } from '../../../src/providers/openai/remote-batch.ts';

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
    inputFileId: 'file-1',
    outputFileId: null,
    errorFileId: null,
    errors: [],
    endedAt: null,
    createdAt: 1_711_471_533_000,
    expiresAt: 1_711_557_933_000,
    metadata: { a: 'b' },
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
  ).toMatchObject({ counts: null, metadata: {}, errors: [] });
});

test('reads why a batch was refused', () => {
  const data = [
    { code: 'invalid_json_line', line: 3, message: 'not JSON', param: null },
    { message: 'other', line: null },
  ];
  expect(remoteBatch({ id: 'b', errors: { object: 'list', data } })?.errors).toEqual([
    { code: 'invalid_json_line', line: 3, message: 'not JSON' },
    { code: null, line: null, message: 'other' },
  ]);
});

test.each([null, 'x', 1, [], {}, { id: '' }, { error: { message: 'gone' } }])(
  'takes %j for no batch',
  (answer) => {
    expect(remoteBatch(answer)).toBeUndefined();
  },
);

test('reads listings with and without an envelope', () => {
  expect(pageOf({ data: [{ id: 'b' }], has_more: true })).toMatchObject({
    batches: [{ id: 'b' }],
    hasMore: true,
  });
  expect(pageOf([{ id: 'b' }])).toMatchObject({ batches: [{ id: 'b' }], hasMore: false });
  expect(pageOf({ error: 'x' })).toBeUndefined();
});
