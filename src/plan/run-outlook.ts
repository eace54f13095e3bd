import type { PipelineEvent } from '../core/events.ts';
import { forecastFiles } from '../forecast/forecast-files.ts';
import { chunkLimits } from '../job/settings.ts';
import type { Collection } from '../job/job.ts';
import type { ChunkRecord, RunRecord } from '../ledger/ledger.ts';
import { expectedOutput } from './expected-output.ts';
import { scaleFiles, sumFiles } from './packed-files.ts';
import { plannedCost, plannedWay } from './planned-cost.ts';
import type { SampledTokens } from './token-sample.ts';
import { tokenizerOf } from './tokenizer.ts';

type PlanMade = Extract<PipelineEvent, { type: 'PlanMade' }>;

/** What a run has still to send, and what that is expected to cost as the pipeline sends it. */
export interface RunOutlook {
  readonly line: Omit<PlanMade, 'type'>;
  readonly expectedUsd: number | null;
}

/**
 * @param sampled what this process has read
 * @param rows how many rows the source has; null where that is not known
 */
export async function runOutlook(
  { ledger, run: known, loaded, prepared }: Collection,
  sampled: SampledTokens,
  rows: number | null,
): Promise<RunOutlook> {
  const { pipeline } = loaded;
  const run = (await ledger.run(known.runId)) ?? known;
  const all = (await ledger.chunks(run.runId)).filter(({ origin }) => origin === 'read');
  const unsent = all.filter(isUnsent);
  const times = run.readingFinished || run.records === 0 ? 1 : rows === null ? null : rows / run.records;
  const whole = sumFiles(all).requests;
  // What is not read yet is taken to be like what was.
  const toCome = Math.max(0, (times ?? 1) - 1);
  const limits = chunkLimits(pipeline, prepared.provider.batches.limits);
  const files = [...unsent, ...scaleFiles(all, toCome, limits)];
  const { requests } = sumFiles(files);
  const perRequest = await tokensPerRequest(ledger, run, all, sampled);
  const input = Math.round(requests * perRequest);
  const way = plannedWay(pipeline, Math.round(whole * (1 + toCome)));
  const prices = prepared.prices.at(run.startedAt);
  const cost = plannedCost(pipeline, prices, { requests, input, way }, await expectedOutput(ledger, loaded));
  const isWhole = run.readingFinished && unsent.length === all.length && known.records === 0;
  const done = way === 'batch' ? await forecastFiles(ledger, pipeline, files) : null;
  return {
    line: {
      sureness: times === null ? 'at least' : run.readingFinished ? 'exact' : 'about',
      requests,
      files: files.length,
      input,
      isExact: isWhole && sampled.isWhole && tokenizerOf(pipeline).isOwn,
      way,
      cost: { batch: cost.batch, standard: cost.standard },
      done: done === null ? null : Date.parse(done.p50),
    },
    expectedUsd: cost.expected,
  };
}

/** Whether nothing of a file was bought yet. */
export function isUnsent({ state }: Pick<ChunkRecord, 'state'>): boolean {
  return state === 'sealed' || state === 'uploading' || state === 'uploaded';
}

/** As this process has counted, else as an earlier one did that read the rows. */
async function tokensPerRequest(
  ledger: Collection['ledger'],
  { runId }: RunRecord,
  all: readonly ChunkRecord[],
  { perEstimated }: SampledTokens,
): Promise<number> {
  const { tokens, requests } = sumFiles(all);
  if (requests === 0) return 0;
  if (perEstimated !== null) return (tokens * perEstimated) / requests;
  let told: PlanMade | null = null;
  for await (const event of ledger.events(runId, 0, 'PlanMade'))
    if (event.type === 'PlanMade' && event.requests > 0) told = event;
  return told === null ? tokens / requests : told.input / told.requests;
}
