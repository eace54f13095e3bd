import { CostSum } from '../cost/cost-sum.ts';
import type { Loading } from '../job/job.ts';
import type { ChunkRecord } from '../ledger/ledger.ts';

/** Begins to add up what the responses to one of a run's files cost, by the way that it went. */
export type BeginCostSum = (lane: ChunkRecord['lane']) => CostSum;

/** By the prices that held when the run began. */
export function costSums({ run, loaded, prepared }: Loading): BeginCostSum {
  const { request, standard } = loaded.pipeline;
  const prices = prepared.prices.at(run.startedAt);
  const isEmbedding = request.endpoint === 'embeddings';
  return (lane) =>
    lane === 'batch'
      ? new CostSum(prices, { way: 'batch', tier: null }, isEmbedding)
      : new CostSum(prices, { way: 'standard', tier: standard.tier ?? null }, isEmbedding);
}
