import { describe, expect, it, test } from 'vitest';
import type { ItemBatch } from '../../src/core/item-batch.ts';
import { promptTokens } from '../../src/plan/prompt-tokens.ts';
import { randomNumbers } from '../../src/plan/random.ts';
import { TokenSample } from '../../src/plan/token-sample.ts';
import { estimateTokens } from '../../src/request/estimate-tokens.ts';
import { chinese, machineMade, shuffled, type Texts } from './texts.ts';

const encoding = 'o200k_base';

/** Requests of one message each, whose lines are the numbers of their texts. */
function itemsOf(texts: Texts): { readonly items: ItemBatch; readonly estimated: number } {
  const lines = texts.map((_, index) => `${index}\n`);
  let end = 0;
  const tokens = Uint32Array.from(texts, (text) => estimateTokens(Buffer.byteLength(text), 1));
  const lineEnds = Uint32Array.from(lines, (line) => (end += line.length));
  const items = { length: texts.length, lines: Buffer.from(lines.join('')), lineEnds, tokens };
  return { items: items as Partial<ItemBatch> as ItemBatch, estimated: tokens.reduce((a, b) => a + b, 0) };
}

function sampleOf(texts: Texts, size: number, seed = 1): TokenSample {
  const promptIn = (line: Buffer) => ({ texts: [texts[Number(line)] ?? ''], messages: 1 });
  return new TokenSample({ lines: { promptIn }, encoding, size, seed });
}

function exactOf(texts: Texts): number {
  return texts.reduce((sum, text) => sum + promptTokens({ texts: [text], messages: 1 }, encoding), 0);
}

/** By how much the sample's number of tokens is off. */
function errorOf(texts: Texts, size: number, seed: number): number {
  const { items, estimated } = itemsOf(texts);
  const sample = sampleOf(texts, size, seed);
  sample.add(items, 0, texts.length);
  const { perEstimated, isWhole } = sample.count();
  expect(isWhole).toBe(false);
  return Math.abs(((perEstimated ?? 0) * estimated) / exactOf(texts) - 1);
}

describe('a table in which few large rows are unlike all others', () => {
  const texts = [...machineMade(100), ...chinese(200, randomNumbers(3)), ...Array<string>(2000).fill('yes')];

  test.each([1, 2])('is counted to a few percent, in whatever order its rows come (%i)', (seed) => {
    expect(errorOf(texts, 200, seed)).toBeLessThan(0.1);
    expect(errorOf(texts.toReversed(), 200, seed)).toBeLessThan(0.1);
    expect(errorOf(shuffled(texts, randomNumbers(seed)), 200, seed)).toBeLessThan(0.1);
  });
});

it('counts few requests whole, and begins anew with what is packed anew', () => {
  const texts = chinese(50);
  const { items, estimated } = itemsOf(texts);
  const sample = sampleOf(texts, 100);
  sample.add(items, 0, texts.length);
  sample.restart();
  sample.add(items, 0, 20);
  sample.add(items, 20, texts.length);
  const { perEstimated, isWhole } = sample.count();
  expect(isWhole).toBe(true);
  expect((perEstimated ?? 0) * estimated).toBeCloseTo(exactOf(texts), 6);
});

it('holds a part of each long request alone', () => {
  const texts = Array.from({ length: 20 }, (_, row) => `row ${row} `.repeat(20_000));
  expect(errorOf(texts, 10, 1)).toBeLessThan(0.02);
});

it('says nothing of no requests', () => {
  expect(sampleOf([], 10).count()).toEqual({ perEstimated: null, isWhole: true });
});
