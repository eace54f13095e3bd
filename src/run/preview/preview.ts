import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AnswerSizeCounts } from '../../batch/answer-sizes.ts';
import { dialectOf } from '../../config/dialect-of.ts';
import type { LoadedPipeline } from '../../config/load.ts';
import type { BatchlineError } from '../../core/errors.ts';
import type { Host } from '../../core/host.ts';
import type { JsonMap } from '../../core/json.ts';
import type { ShownRequest } from '../../core/shown-request.ts';
import { fromWire } from '../../core/wire-text.ts';
import { CostSum } from '../../cost/cost-sum.ts';
import { openPrices } from '../../cost/open-prices.ts';
import type { Prices } from '../../cost/prices.ts';
import type { RequestFlags } from '../../job/fingerprint.ts';
import { openProvider, openSource } from '../../job/open-parts.ts';
import { prepareTrial, type TrialParts } from '../../job/trial-parts.ts';
import { openLedger } from '../../ledger/open.ts';
import { promptTokens } from '../../plan/prompt-tokens.ts';
import { tokenizerOf } from '../../plan/tokenizer.ts';
import { drawSample } from '../../read/sample.ts';
import { checkSample } from '../../read/sample-rules.ts';
import { judgeAnswer, type Judged } from '../trial/judge-answer.ts';
import { readTrial, type TrialFailure, type TrialRequest } from '../trial/trial-rows.ts';
import { askLive, previewTier } from './ask-live.ts';

export interface PreviewFlags extends RequestFlags {
  /** How many rows are shown. */
  readonly count: number;
  /** Whether the requests are sent. */
  readonly live: boolean;
}

/** A request, and what came of it where it was sent. */
export interface PreviewedRequest {
  readonly key: string;
  readonly customId: string;
  readonly body: JsonMap;
  readonly shown: ShownRequest;
  /** Tokens of its prompt. */
  readonly tokens: number;
  /** The most tokens of its answer; null where the request does not say. */
  readonly ceiling: number | null;
  /** US dollars of the prompt with the longest answer, or without one where that is not known; null where no price is. */
  readonly cost: { readonly batch: number | null; readonly standard: number | null };
  readonly answer: PreviewedAnswer | null;
}

export interface PreviewedAnswer {
  /** What the model said; null where that is no text. */
  readonly text: string | null;
  readonly judged: Judged;
  /** US dollars; null where that is not known. */
  readonly cost: number | null;
}

export interface Preview {
  readonly pipeline: string;
  readonly requests: readonly PreviewedRequest[];
  readonly failures: readonly TrialFailure[];
  readonly filtered: number;
  readonly prices: Prices;
  readonly isEmulator: boolean;
  /** Why not all of them were sent that were to be. */
  readonly error: BatchlineError | null;
}

/**
 * Renders the first rows of a pipeline, or a sample of them, and, where asked to, sends them and says what would be
 * loaded. Nothing is written, but how long the answers were, for later plans.
 */
export async function previewPipeline(
  loaded: LoadedPipeline,
  flags: PreviewFlags,
  host: Host,
): Promise<Preview> {
  checkSample(loaded, flags);
  await using source = await openSource(loaded, host, flags.where);
  await using place = await noStateOf(loaded);
  await using use = await openProvider(place.loaded, host, !flags.live);
  const parts = await prepareTrial(loaded, source, use.provider);
  const rows = await firstRows(loaded, parts, flags, host);
  const live = flags.live ? await askLive(rows.requests, use.provider.direct, parts, loaded, host) : null;
  const prices = await openPrices(loaded.pipeline);
  const context = { loaded, parts, prices, now: new Date().toISOString() };
  const requests = rows.requests.map((request, index) =>
    previewed(context, request, live?.answers.get(index) ?? null),
  );
  await remember(loaded, requests);
  return {
    pipeline: loaded.name,
    requests,
    failures: rows.failures,
    filtered: rows.filtered,
    prices,
    isEmulator: use.isEmulator,
    error: live?.error ?? null,
  };
}

interface ShownRows {
  readonly requests: readonly TrialRequest[];
  readonly failures: readonly TrialFailure[];
  readonly filtered: number;
}

/** So many that are no longer filtered. */
async function firstRows(
  loaded: LoadedPipeline,
  parts: TrialParts,
  { count, sample, seed = 0, limit }: PreviewFlags,
  { signals }: Host,
): Promise<ShownRows> {
  const signal = signals.drain;
  const drawn =
    sample === undefined ? undefined : await drawSample(parts.source, { rows: sample, seed }, { signal });
  const requests: TrialRequest[] = [];
  const failures: TrialFailure[] = [];
  let filtered = 0;
  let left = limit ?? Infinity;
  const isFull = (): boolean => requests.length + failures.length >= count || left <= 0;
  // One at a time, so that no more of them go through the transforms than are shown.
  for await (const rows of readTrial({ loaded, parts, signal, sample: drawn, atOnce: 1 })) {
    requests.push(...rows.requests);
    failures.push(...rows.failures);
    filtered += rows.filtered.length;
    left -= rows.records;
    if (isFull()) break;
  }
  return { requests: requests.slice(0, Math.max(0, count - failures.length)), failures, filtered };
}

interface Shown {
  readonly loaded: LoadedPipeline;
  readonly parts: TrialParts;
  readonly prices: Prices;
  /** The `now` of expressions. */
  readonly now: string;
}

function previewed(
  { loaded, parts, prices, now }: Shown,
  request: TrialRequest,
  line: Buffer | null,
): PreviewedRequest {
  const { requestLines, results } = parts;
  const { request: block } = loaded.pipeline;
  const dialect = dialectOf(loaded.pipeline);
  const body = JSON.parse(fromWire(requestLines.bodyOf(request.line))) as JsonMap;
  const ceiling = block.endpoint === 'embeddings' ? 0 : (dialect.outputCeiling?.(block) ?? null);
  const { encoding } = tokenizerOf(loaded.pipeline);
  const tokens = promptTokens(dialect.promptTexts(block.endpoint, body), encoding);
  const bill = { input: tokens, output: ceiling ?? 0, cached: 0, cacheWrite: 0 };
  const judged = line === null ? null : judgeAnswer(parts, request, line, now);
  return {
    key: request.key,
    customId: request.row.customId,
    body,
    shown: dialect.shown(block.endpoint, body),
    tokens,
    ceiling,
    cost: {
      batch: prices.cost(bill, { way: 'batch', tier: null }),
      standard: prices.cost(bill, { way: 'standard', tier: previewTier(loaded) ?? null }),
    },
    answer: judged && {
      text: line === null ? null : results.reader.textOf(line),
      judged,
      cost: paid(loaded, prices, judged),
    },
  };
}

function paid(loaded: LoadedPipeline, prices: Prices, { result }: Judged): number | null {
  if (result === null) return null;
  const service = { way: 'standard', tier: previewTier(loaded) ?? null } as const;
  const sum = new CostSum(prices, service, loaded.pipeline.request.endpoint === 'embeddings');
  sum.add(result);
  return sum.total.unpriced > 0 ? null : sum.total.usd;
}

/** How long answers are is worth knowing before there is any run. */
async function remember(loaded: LoadedPipeline, requests: readonly PreviewedRequest[]): Promise<void> {
  const counts = new AnswerSizeCounts();
  for (const { answer } of requests) if (answer?.judged.result != null) counts.add(answer.judged.result);
  if (counts.sizes.size === 0) return;
  await using ledger = await openLedger(loaded.stateDir);
  await ledger.answers.addPreviewed(loaded.name, counts.sizes);
}

/** An emulator that is started for it keeps its things where they are thrown away. */
async function noStateOf(loaded: LoadedPipeline) {
  const stateDir = await mkdtemp(join(tmpdir(), 'batchline-preview-'));
  return {
    loaded: { ...loaded, stateDir },
    [Symbol.asyncDispose]: () => rm(stateDir, { recursive: true, force: true, maxRetries: 5 }),
  };
}
