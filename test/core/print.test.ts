import { expect, test } from 'vitest';
import { parseExactJson } from '../../src/core/exact-json.ts';
import { printValue, valueToJson } from '../../src/core/print.ts';

test('a number keeps the sign of zero, printed and through JSON', () => {
  expect(printValue(-0)).toBe('-0');
  expect(printValue(0)).toBe('0');
  const json = valueToJson({ numbers: [-0, 0, 12_345_678_901_234_567_890n] });
  expect(json).toBe('{"numbers":[-0,0,12345678901234567890]}');
  expect(parseExactJson(json)).toEqual({ numbers: [-0, 0, 12_345_678_901_234_567_890n] });
});
