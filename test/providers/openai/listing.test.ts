import { expect, test } from 'vitest';
import { pageOf } from '../../../src/providers/openai/listing.ts';

test('reads listings with and without an envelope', () => {
  expect(pageOf({ data: [{ id: 'b' }], has_more: true })).toEqual({ items: [{ id: 'b' }], hasMore: true });
  expect(pageOf([{ id: 'b' }])).toEqual({ items: [{ id: 'b' }], hasMore: false });
  expect(pageOf({ error: 'x' })).toBeUndefined();
});
