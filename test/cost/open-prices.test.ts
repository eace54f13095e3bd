import { expect, it } from 'vitest';
import { openPriceList, openPrices } from '../../src/cost/open-prices.ts';
import type { Prices, Service } from '../../src/cost/prices.ts';
import { checkedPipeline } from './checked-pipeline.ts';

const million = { input: 1_000_000, output: 1_000_000, cached: 0, cacheWrite: 0 };
const batch: Service = { way: 'batch', tier: null };
const standard = (tier: string | null = null): Service => ({ way: 'standard', tier });

async function pricesOf(
  model: string,
  provider: Readonly<Record<string, unknown>> = {},
  prices: Readonly<Record<string, unknown>> = {},
): Promise<Prices> {
  return openPrices(checkedPipeline({ model, provider, prices }));
}

async function batchCost(model: string, provider: Readonly<Record<string, unknown>>): Promise<number | null> {
  return (await pricesOf(model, provider)).cost(million, batch);
}

/** Costs of tiers as shares of the usual cost. */
async function shares(model: string, type: string) {
  const prices = await pricesOf(model, { type });
  const usual = prices.cost(million, standard()) ?? 0;
  return (tier: string, way: Service['way'] = 'standard') => {
    const cost = prices.cost(million, { way, tier });
    return cost === null ? null : Math.round((cost / usual) * 100) / 100;
  };
}

it('a batch costs its share of the list price, by the address that it goes to', async () => {
  expect(await batchCost('gpt-4o-mini', {})).toBeCloseTo(0.375, 9);
  expect(await batchCost('claude-haiku-4-5', { type: 'anthropic' })).toBeCloseTo(3, 9);
  expect(await batchCost('gemini-2.5-flash', { type: 'gemini' })).toBeCloseTo(1.4, 9);
  expect(await batchCost('gpt-4o-mini', { base_url: 'https://x.openai.azure.com/openai/v1' })).toBeCloseTo(
    0.375,
    9,
  );
  expect(await batchCost('llama-3.1-8b-instant', { base_url: 'https://api.groq.com/openai/v1' })).toBeCloseTo(
    0.065,
    9,
  );
});

it('an unknown address, and the emulator, cost what the provider does, and that is said', async () => {
  for (const url of ['emulator', 'http://127.0.0.1:4000/v1', 'https://gateway.example.com/v1']) {
    const prices = await pricesOf('gpt-4o-mini', { base_url: url });
    expect(prices.cost(million, batch)).toBeCloseTo(0.375, 9);
    expect(prices.by).toBe('OpenAI');
    expect(prices.remark).toContain('is taken to cost what OpenAI does');
  }
  expect(await pricesOf('gpt-4o-mini')).toMatchObject({ by: 'OpenAI', remark: null, asOf: '2026-09-23' });
});

it('a gateway’s name of a model is read as provider and model', async () => {
  const provider = { base_url: 'https://litellm.example.com/v1' };
  expect((await pricesOf('openai/gpt-4o-mini', provider)).cost(million, standard())).toBeCloseTo(0.75, 9);
  expect((await pricesOf('anthropic/claude-haiku-4-5', provider)).cost(million, standard())).toBeCloseTo(
    6,
    9,
  );
  expect((await pricesOf('openai/gpt-4o-mini')).cost(million, standard())).toBeNull();
});

it('what is not known costs null, and what to do is said', async () => {
  const unknown = await pricesOf('my-model');
  expect(unknown.cost(million, batch)).toBeNull();
  expect(unknown.remark).toContain('prices.my-model');
  const infra = await pricesOf('gpt-4o-mini', { base_url: 'https://api.deepinfra.com/v1/openai' });
  expect(infra.cost(million, batch)).toBeNull();
  expect(infra.by).toBe('deepinfra');
  const parasail = { base_url: 'https://api.parasail.io/v1' };
  const own = await pricesOf('my-model', parasail, { 'my-model': { input: 1 } });
  expect(own.cost(million, batch)).toBeNull();
  expect(own.cost(million, standard())).toBe(1);
  expect(own.remark).toContain('batch_discount');
});

it('the file’s own prices go first, with the server’s share for batches', async () => {
  const infra = { base_url: 'https://api.deepinfra.com/v1/openai' };
  const given = { input: 1, output: 2, cached: 0.1, cache_write: 1.5 };
  const prices = await pricesOf('llama', infra, { llama: given });
  expect(prices).toMatchObject({ asOf: null, by: 'prices.llama', remark: null });
  expect(prices.cost(million, batch)).toBeCloseTo(2.4, 9);
  const cached = { input: 1_000_000, output: 0, cached: 500_000, cacheWrite: 300_000 };
  expect(prices.cost(cached, standard())).toBeCloseTo(0.05 + 0.45 + 0.2, 9);
  const discounted = await pricesOf('gpt-4o-mini', {}, { 'gpt-4o-mini': { input: 1, batch_discount: 0.25 } });
  expect(discounted.cost(million, batch)).toBe(0.25);
});

it('a tier costs what is known of it, and in a batch what a batch does', async () => {
  const openai = await shares('gpt-5.4-mini', 'openai');
  const asked = ['default', 'auto', 'flex', '2h', '8h', 'priority', 'scale', 'batch'];
  expect(asked.map((tier) => openai(tier))).toEqual([1, 1, 0.5, 0.7, 0.6, null, null, 0.5]);
  expect(asked.map((tier) => openai(tier, 'batch'))).toEqual(asked.map(() => 0.5));
  const gemini = await shares('gemini-2.5-flash', 'gemini');
  expect(['default', 'flex', 'priority'].map((tier) => gemini(tier))).toEqual([1, 0.5, null]);
  const anthropic = await shares('claude-haiku-4-5', 'anthropic');
  expect(['standard', 'batch', 'priority'].map((tier) => anthropic(tier))).toEqual([1, 0.5, null]);
});

it('what is written to a cache costs by how long it stays there', async () => {
  const prices = await pricesOf('claude-haiku-4-5', { type: 'anthropic' });
  const written = { input: 1_000_000, output: 0, cached: 0, cacheWrite: 1_000_000 };
  expect(prices.cost(written, standard())).toBeCloseTo(2, 9);
  expect(prices.cost({ ...written, cacheWriteBriefly: 1_000_000 }, standard())).toBeCloseTo(1.25, 9);
});

it('a price is the one of its time', async () => {
  const list = await openPriceList(checkedPipeline({ model: 'o3' }));
  const on = (day: string) => list.at(Date.parse(day)).cost(million, standard());
  expect([on('2025-06-01'), on('2026-11-29')]).toEqual([50, 10]);
});
