import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { countTokens, exceedsTokens, truncateToTokens } from '../../src/expr/tokens.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({
    unit: fc.constantFrom('a', ' ', '\n', 'é', '日', '👨‍👩‍👧‍👦', '🏳️‍🌈', '<|endoftext|>', '1', '.'),
    maxLength: 100,
  }),
  fc.lorem({ maxCount: 60 }),
);

test('counts as o200k_base does', () => {
  expect(countTokens('hello <|endoftext|> world', 'o200k_base')).toBe(9);
  expect(countTokens('', 'o200k_base')).toBe(0);
  expect(countTokens('日本語テキスト', 'o200k_base')).toBeLessThan(
    countTokens('日本語テキスト', 'cl100k_base'),
  );
});

test('a cut text is a beginning of at most so many tokens that ends between characters', () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 60 }), (whole, most) => {
      const cut = truncateToTokens(whole, most, 'o200k_base');
      expect(whole.startsWith(cut)).toBe(true);
      expect(countTokens(cut, 'o200k_base')).toBeLessThanOrEqual(most);
      expect(cut === whole).toBe(countTokens(whole, 'o200k_base') <= most);
      expect(cut.isWellFormed() || !whole.isWellFormed()).toBe(true);
      expect(exceedsTokens(whole, most, 'o200k_base')).toBe(countTokens(whole, 'o200k_base') > most);
    }),
    { numRuns: 500 },
  );
});

test('no token more would fit, up to a character of several tokens', () => {
  const whole = 'One two three four five six seven eight nine ten. '.repeat(20);
  for (const most of [1, 7, 50, 99]) {
    expect(countTokens(truncateToTokens(whole, most, 'o200k_base'), 'o200k_base')).toBe(most);
  }
});

test('a megabyte without a break takes no longer than language', () => {
  const begun = process.cpuUsage();
  for (const unit of ['x', ' ', '=', 'é']) countTokens(unit.repeat(1_000_000), 'o200k_base');
  // Of the processor, since others may use it too.
  expect(process.cpuUsage(begun).user / 1000).toBeLessThan(20_000);
});

/** Words of letters alone that no two texts share. */
function rareWords(from: number, count: number): string {
  return Array.from({ length: count }, (_, index) =>
    (((from + index) * 48_271) % 2_147_483_647)
      .toString(36)
      .replaceAll(/\d/g, (digit) => 'qwxzjkvbyp'.charAt(Number(digit))),
  ).join(' ');
}

/** Of the processor, since others may use it too. */
function millisecondsOf(rare: string): number {
  const begun = process.cpuUsage();
  expect(countTokens(rare, 'o200k_base')).toBeGreaterThan(0);
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1000;
}

test('takes time by the length of a text, also of one whose words are nowhere else', () => {
  millisecondsOf(rareWords(1, 5000));
  const short = millisecondsOf(rareWords(10_000, 40_000));
  expect(millisecondsOf(rareWords(100_000, 200_000))).toBeLessThan(short * 12);
});
