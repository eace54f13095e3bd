import { expect, test } from 'vitest';
import { databaseError } from '../../src/pg/database-error.ts';

test.each([
  ['XX000', 'invalid memory alloc request size 1200000003'],
  ['54000', 'string buffer exceeds maximum allowed length (1073741823 bytes): cannot enlarge string buffer'],
  [
    '54000',
    'out of memory: Cannot enlarge string buffer containing 600000010 bytes by 600000000 more bytes.',
  ],
])('%s: a row that the server cannot send says what to do', (code, message) => {
  const error = databaseError(Object.assign(new Error(message), { code }), 'db.example.com', 'read tickets');
  expect(error).toMatchObject({
    code: 'row_too_large',
    retryable: false,
    message: expect.stringContaining('cannot read tickets') as string,
    hint: expect.stringContaining('octet_length') as string,
  });
});
