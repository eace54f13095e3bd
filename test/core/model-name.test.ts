import { expect, it } from 'vitest';
import { isNamedAs } from '../../src/core/model-name.ts';

it.each([
  ['small-1', 'small-1', true],
  ['small-1', 'small-1-2026-08-06', true],
  ['small-1', 'small-1-20260806', true],
  ['small-1', 'small-1@20260806', true],
  ['small-1', 'small-1-0613', true],
  ['small-1', 'small-1-001', true],
  ['small-latest', 'small-20260806', true],
  ['small-4-0', 'small-4-20260806', true],
  ['gateway/small-1', 'small-1', true],
  ['Small-1', 'small-1', true],
  ['small-1', 'small-1-mini', false],
  ['small-1', 'small-1-mini-2026-08-06', false],
  ['small-20260101', 'small-20260806', false],
  ['small-20260101', 'small-20260101', true],
  ['small-1', 'large-1', false],
  ['small-1', null, false],
])('%s asked, %s named: %s', (asked, named, expected) => {
  expect(isNamedAs(asked, named)).toBe(expected);
});
