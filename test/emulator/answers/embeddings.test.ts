import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answer } from '../../../src/emulator/answers/answer.ts';
import type { JsonMap } from '../../../src/core/json.ts';

function embed(input: unknown, more: JsonMap = {}): readonly unknown[] {
  const { data } = answer('/v1/embeddings', { model: 'text-embedding-3-small', input, ...more });
  return (data as { embedding: unknown }[]).map(({ embedding }) => embedding);
}

function decode(base64: unknown): number[] {
  const bytes = Buffer.from(String(base64), 'base64');
  return Array.from({ length: bytes.length / 4 }, (_, place) => bytes.readFloatLE(place * 4));
}

function similarity(one: string, other: string): number {
  const [left, right] = embed([one, other]) as number[][];
  return (left ?? []).reduce((sum, value, place) => sum + value * (right?.[place] ?? 0), 0);
}

describe('an embedding', () => {
  test('has length 1, whatever is embedded, and is the same as floats and as base64', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 1 }),
        fc.integer({ min: 1, max: 300 }),
        (text, dimensions) => {
          const [floats] = embed(text, { dimensions }) as number[][];
          expect(floats).toHaveLength(dimensions);
          expect(Math.hypot(...(floats ?? []))).toBeCloseTo(1, 5);
          expect(decode(embed(text, { dimensions, encoding_format: 'base64' })[0])).toEqual(floats);
        },
      ),
    );
  });

  test.each([
    ['text-embedding-3-small', 1536],
    ['text-embedding-3-large', 3072],
    ['text-embedding-ada-002', 1536],
    ['nomic-embed-text', 256],
  ])('of %s has %d dimensions', (model, dimensions) => {
    expect(embed('x', { model })[0]).toHaveLength(dimensions);
  });

  test('lies near those of texts that share words, or pieces of words', () => {
    const topics = [
      ['The refund of my invoice has not arrived', 'When will the invoice be refunded?'],
      ['Password reset does not work on the login page', 'I cannot log in: resetting passwords fails'],
      ['The parcel was delivered to the wrong address', 'Wrong delivery address on my parcel'],
      ['ναυαγός στο νησί', 'ΝΑΥΑΓΟΣ ΣΕ ΝΗΣΙ'],
    ] as const;
    for (const [text, near] of topics) {
      const others = topics.filter(([other]) => other !== text).flat();
      for (const far of others) {
        const nearness = similarity(text, near);
        expect(nearness, `${text} | ${far}`).toBeGreaterThan(similarity(text, far) + 0.1);
      }
    }
  });

  test('differs between texts without words, too', () => {
    expect(embed(['!?', '?!', '🙂'])).toHaveLength(3);
    expect(Math.abs(similarity('!?', '🙂'))).toBeLessThan(0.5);
  });

  test('takes lists of tokens, and counts usage', () => {
    const reply = answer('/v1/embeddings', { model: 'm', input: [[1, 2, 3], [4]] });
    expect(reply).toMatchObject({ object: 'list', model: 'm', usage: { prompt_tokens: 4, total_tokens: 4 } });
    expect(embed([1, 2, 3])).toHaveLength(1);
    expect(answer('/v1/embeddings', { input: 'x'.repeat(10) })).toMatchObject({
      usage: { prompt_tokens: 3 },
    });
  });
});
