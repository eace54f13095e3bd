import { readFile } from 'node:fs/promises';
import * as book from '@pydantic/genai-prices';
import { expect, it } from 'vitest';
import { listedRates, listVersion } from '../../src/cost/listed-rates.ts';
import type { BilledTokens } from '../../src/cost/prices.ts';
import { costAt, type Rates } from '../../src/cost/rates.ts';

const billers =
  'openai anthropic google azure groq mistral deepseek openrouter perplexity cohere fireworks together doubleword aws'.split(
    ' ',
  );

const now = Date.parse('2026-11-29T12:00:00Z');

/** The longest prompts at each price, and the shortest ones of the next. */
function promptsAtEdges({ input, output, cached }: Rates): readonly number[] {
  const starts = [input, output, cached].flatMap(({ tiers }) => tiers.map(({ start }) => start));
  return [0, 7, 1000, 3_000_000, ...starts.flatMap((start) => [start, start + 1])];
}

/** Of one prompt, what of it may come from a cache or go to one. */
function* splits(input: number): Generator<BilledTokens> {
  const third = Math.floor(input / 3);
  for (const cached of [0, third])
    for (const [cacheWrite, cacheWriteBriefly] of [
      [0, 0],
      [third, 0],
      [third, third],
      [third, Math.floor(third / 2)],
    ] as const)
      yield { input, output: 41, cached, cacheWrite, cacheWriteBriefly };
}

function listPrice(biller: string, model: string, tokens: BilledTokens, time: number): number | undefined {
  const { input, output, cached, cacheWrite, cacheWriteBriefly = 0 } = tokens;
  const usage = {
    input_tokens: input,
    output_tokens: output,
    cache_read_tokens: cached,
    cache_write_tokens: cacheWrite,
    cache_write_1h_tokens: cacheWrite - cacheWriteBriefly,
  };
  return book.calcPrice(usage, model, { providerId: biller, timestamp: new Date(time) })?.total_price;
}

const models = billers.flatMap((biller) =>
  (book.findProvider({ providerId: biller })?.models ?? []).map(({ id, prices }) => ({ biller, id, prices })),
);

it('each model of the list costs what the list says, whatever its prompt is made of', () => {
  let priced = 0;
  const wrong: string[] = [];
  for (const { biller, id } of models) {
    const rates = listedRates(book, biller, id, now);
    if (rates === null) continue;
    priced += 1;
    for (const prompt of promptsAtEdges(rates))
      for (const tokens of splits(prompt)) {
        const listed = listPrice(biller, id, tokens, now) ?? NaN;
        if (!(Math.abs(costAt(rates, tokens) - listed) <= 1e-9 * Math.max(1, listed)))
          wrong.push(`${biller} ${id} ${JSON.stringify(tokens)}`);
      }
  }
  expect(wrong).toEqual([]);
  expect(priced).toBeGreaterThan(400);
});

it('a price that changed counts from its day on', () => {
  let changes = 0;
  for (const { biller, id, prices } of models) {
    const starts = Array.isArray(prices) ? prices.map(({ constraint }) => constraint) : [];
    for (const start of starts) {
      if (start?.type !== 'start_date') continue;
      const day = Date.parse(start.start_date);
      for (const time of [day - 1, day]) {
        const rates = listedRates(book, biller, id, time);
        if (rates === null) continue;
        changes += 1;
        const tokens = { input: 1000, output: 100, cached: 10, cacheWrite: 0 };
        expect(costAt(rates, tokens), `${biller} ${id}`).toBeCloseTo(
          listPrice(biller, id, tokens, time) ?? NaN,
          9,
        );
      }
    }
  }
  expect(changes).toBeGreaterThan(4);
});

it('what is not sold by its tokens, or not known, has no rates', () => {
  expect(listedRates(book, 'openai', 'gpt-no-such-model', now)).toBeNull();
  expect(listedRates(book, 'no-such-biller', 'gpt-4o-mini', now)).toBeNull();
  expect(listedRates(book, 'openai', 'whisper-1', now)).toBeNull();
});

it('the date of the list is that of the package that is installed', async () => {
  const path = new URL('../../node_modules/@pydantic/genai-prices/package.json', import.meta.url);
  const { version } = JSON.parse(await readFile(path, 'utf8')) as { readonly version: string };
  expect(version).toBe(listVersion.package);
});
