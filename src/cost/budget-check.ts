import { dialectOf } from '../config/dialect-of.ts';
import type { LoadedPipeline } from '../config/load.ts';
import type { Pipeline } from '../config/pipeline.ts';
import { BatchlineError } from '../core/errors.ts';
import { openPrices } from './open-prices.ts';
import type { Prices, Service } from './prices.ts';

/**
 * Refuses a budget that cannot be kept, for nobody could say what a request costs at most. Prices are read only where
 * a budget is set.
 *
 * @throws BatchlineError `no_output_ceiling`, `price_unknown`
 */
export async function checkBudget({
  pipeline,
  file,
}: Pick<LoadedPipeline, 'pipeline' | 'file'>): Promise<void> {
  const { budget, request } = pipeline;
  const limit = (['max_cost', 'per_month'] as const).find((name) => budget[name] !== undefined);
  if (limit === undefined) return;
  const refuse = (code: string, why: string, hint: string): BatchlineError =>
    new BatchlineError(code, `\`budget.${limit}\` cannot be kept: ${why}.`, {
      where: file,
      hint,
      exitCode: 2,
    });
  if (request.endpoint !== 'embeddings' && (dialectOf(pipeline).outputCeiling?.(request) ?? null) === null)
    throw refuse(
      'no_output_ceiling',
      'the request does not say how long an answer may be',
      'Set `request.params.max_tokens`, or take the budget out.',
    );
  const prices = await openPrices(pipeline);
  if (services(pipeline).some((service) => isUnknown(prices, service)))
    throw refuse(
      'price_unknown',
      `the price of ${request.model} is not known`,
      `Write it below \`prices:\`, under the name ${request.model}, or take the budget out.`,
    );
}

/** The ways that requests of the pipeline may go. */
function services({ mode, standard }: Pipeline): readonly Service[] {
  const batch: Service = { way: 'batch', tier: null };
  const direct: Service = { way: 'standard', tier: standard.tier ?? null };
  if (mode === 'auto') return [batch, direct];
  return [mode === 'standard' ? direct : batch];
}

function isUnknown(prices: Prices, service: Service): boolean {
  return prices.cost({ input: 1, output: 1, cached: 0, cacheWrite: 0 }, service) === null;
}
