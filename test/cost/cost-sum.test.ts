import { expect, it } from 'vitest';
import {
  type Billing,
  type ClassifiedResult,
  noUsage,
  type Usage,
  usualBilling,
} from '../../src/core/batch-result.ts';
import { CostSum } from '../../src/cost/cost-sum.ts';
import { openPrices } from '../../src/cost/open-prices.ts';
import type { Service } from '../../src/cost/prices.ts';
import { checkedPipeline } from './checked-pipeline.ts';

type Answered = Exclude<ClassifiedResult, { readonly kind: 'unparsable' }>;

/** US dollars per token: a prompt's, a cached one's, one written to a cache, an answer's. */
const prices = { m: { input: 1e6, cached: 1e5, cache_write: 2e6, output: 1e7, batch_discount: 0.5 } };

function usage(input: number | null, output: number | null, change: Partial<Usage> = {}): Usage {
  return { ...noUsage, input_tokens: input, output_tokens: output, ...change };
}

function ok(given: Usage, billing: Partial<Billing> = {}): Answered {
  const rest = { isRepaired: false, embedding: null, model: null, finishReason: null, requestId: null };
  const answer = { ...rest, text: 'x', json: undefined, body: null, usage: given };
  return { kind: 'ok', customId: 'a', answer: { ...answer, billing: { ...usualBilling, ...billing } } };
}

function failed(stage: 'request' | 'answer', given: Usage | null): Answered {
  const rest = { code: 'c', message: '', retryable: true, ran: true, blame: 'row' } as const;
  return { kind: 'failed', customId: 'a', stage, usage: given, ...rest };
}

const batch: Service = { way: 'batch', tier: null };

async function sumOf(results: readonly Answered[], asked = batch, endpoint = 'chat') {
  const sum = new CostSum(
    await openPrices(checkedPipeline({ model: 'm', prices, endpoint })),
    asked,
    endpoint === 'embeddings',
  );
  for (const result of results) sum.add(result);
  return sum.total;
}

it('every response with usage is paid for, whatever became of its row', async () => {
  const results = [ok(usage(10, 1)), failed('answer', usage(10, 1)), failed('request', usage(4, 0))];
  expect(await sumOf(results)).toEqual({ usd: 22, unpriced: 0, listUsd: 44, cacheSavedUsd: 0 });
});

it('an answer without usage has an unknown price; a failed request without it is free', async () => {
  expect(await sumOf([ok(noUsage), failed('answer', null), failed('request', null)])).toMatchObject({
    usd: 0,
    unpriced: 2,
  });
  expect(await sumOf([ok(usage(10, null)), ok(usage(null, 1))])).toMatchObject({ usd: 0, unpriced: 2 });
});

it('what a server leaves out is told by the sum, and embeddings have no output', async () => {
  expect(await sumOf([ok(usage(10, null, { total_tokens: 12 }))])).toMatchObject({ usd: 15, unpriced: 0 });
  const embeddings = [ok(usage(10, null)), ok(usage(null, null, { total_tokens: 4 }))];
  expect(await sumOf(embeddings, batch, 'embeddings')).toMatchObject({ usd: 7, unpriced: 0 });
});

it('what a cache saved, and what writing to it cost, is told apart from what a batch saved', async () => {
  const read = ok(usage(10, 0, { cached_tokens: 10 }));
  expect(await sumOf([read])).toEqual({ usd: 0.5, unpriced: 0, listUsd: 10, cacheSavedUsd: 4.5 });
  const written = ok(usage(10, 0), { cacheWrite: 10 });
  expect(await sumOf([written])).toEqual({ usd: 10, unpriced: 0, listUsd: 10, cacheSavedUsd: -5 });
});

it('the tier that a response names goes before the one that was asked for, but not in a batch', async () => {
  const asked: Service = { way: 'standard', tier: 'flex' };
  const one = usage(10, 0);
  expect(await sumOf([ok(one)], asked)).toMatchObject({ usd: 5 });
  expect(await sumOf([ok(one, { tier: 'default' })], asked)).toMatchObject({ usd: 10 });
  expect(await sumOf([ok(one, { tier: 'priority' })], asked)).toMatchObject({ usd: 0, unpriced: 1 });
  expect(await sumOf([ok(one, { tier: 'default' }), ok(one, { tier: 'priority' })])).toMatchObject({
    usd: 10,
  });
  const window: Service = { way: 'standard', tier: '8h' };
  expect(await sumOf([ok(one)], window)).toMatchObject({ usd: 6 });
});
