import { describe, expect, it } from 'vitest';
import { checkBudget } from '../../src/cost/budget-check.ts';
import type { Pipeline } from '../../src/config/pipeline.ts';
import { checkedPipeline, type Asked } from './checked-pipeline.ts';

const known = { model: 'gpt-4o-mini' };
const own = { mine: { input: 1, output: 2 } };

async function check(
  asked: Asked,
  budget: Partial<Pipeline['budget']>,
  params: Pipeline['request']['params'] = {},
): Promise<unknown> {
  const pipeline = checkedPipeline(asked);
  const request = { ...pipeline.request, params };
  return checkBudget({ pipeline: { ...pipeline, budget, request }, file: 'p.yaml' }).then(
    () => 'ok',
    (error: unknown) => error,
  );
}

describe('a budget that nobody can keep', () => {
  it('is refused without a ceiling for answers', async () => {
    expect(await check(known, { max_cost: 1 })).toMatchObject({
      code: 'no_output_ceiling',
      exitCode: 2,
      where: 'p.yaml',
      hint: expect.stringContaining('request.params.max_tokens') as string,
    });
  });

  it('is refused without a price, in every mode', async () => {
    for (const mode of ['batch', 'standard', 'auto'])
      expect(await check({ model: 'mine', mode }, { per_month: 1 }, { max_tokens: 9 })).toMatchObject({
        code: 'price_unknown',
        exitCode: 2,
        message: '`budget.per_month` cannot be kept: the price of mine is not known.',
        hint: expect.stringContaining('`prices:`') as string,
      });
  });

  it('is none where price and ceiling are known', async () => {
    expect(await check(known, { max_cost: 1 }, { max_tokens: 9 })).toBe('ok');
    expect(await check({ model: 'mine', prices: own }, { max_cost: 1 }, { max_tokens: 9 })).toBe('ok');
  });

  it('needs no ceiling for embeddings, which have no answer to be long', async () => {
    const asked = { model: 'text-embedding-3-small', endpoint: 'embeddings' };
    expect(await check(asked, { max_cost: 1 })).toBe('ok');
  });

  it('is not looked for where no limit is set', async () => {
    expect(await check({ model: 'mine' }, { output_tokens_per_row: 60, confirm_above: 1 })).toBe('ok');
  });
});
