import { expect, test } from 'vitest';
import { RenderBreaker } from '../../src/read/render-breaker.ts';

const failure = (row: number, code = 'expression_failed') => ({
  code,
  message: `row ${row}: no such overload`,
});

/** How many rows were noted before it tripped; null where it did not. */
function trippedAfter(fails: (row: number) => string | null): number | null {
  const breaker = new RenderBreaker();
  for (let row = 0; row < 1000; row += 1) {
    const code = fails(row);
    try {
      breaker.note(code === null ? null : failure(row, code));
    } catch {
      return row + 1;
    }
  }
  return null;
}

test('more than half of the first 200 rows fail with one code', () => {
  expect(trippedAfter(() => 'expression_failed')).toBe(101);
  expect(trippedAfter((row) => (row < 99 ? null : 'template_failed'))).toBe(200);
});

test('half of them is not more than half, and later rows are not judged', () => {
  expect(trippedAfter((row) => (row < 100 ? null : 'template_failed'))).toBeNull();
  expect(trippedAfter((row) => (row % 2 === 0 ? 'a' : 'b'))).toBeNull();
});

test('says how many, the code and three examples', () => {
  const breaker = new RenderBreaker();
  const noteAll = () => {
    for (let row = 0; row < 200; row += 1) breaker.note(failure(row));
  };
  expect(noteAll).toThrow(
    '101 of the first 101 rows failed with expression_failed before they could be sent, so nothing more is sent. row 0: no such overload | row 1: no such overload | row 2: no such overload',
  );
});
