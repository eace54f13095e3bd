import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadedPipeline } from '../config/load.ts';
import type { ChunkLimits } from '../core/chunk-limits.ts';
import type { Host } from '../core/host.ts';
import type { Prices } from '../cost/prices.ts';
import type { RequestFlags } from '../job/fingerprint.ts';
import { chunkLimits } from '../job/settings.ts';
import { isEnded, type Ledger, type NewChunk, type RowCounts } from '../ledger/ledger.ts';
import { openLedgerCopy } from '../ledger/open.ts';
import { countSource } from '../plan/count-source.ts';
import { EveryToken } from '../plan/every-token.ts';
import { expectedOutput } from '../plan/expected-output.ts';
import { forecastFiles } from '../forecast/forecast-files.ts';
import { roundsOf, scaleFiles, sumFiles } from '../plan/packed-files.ts';
import { PaperTally } from '../plan/paper-tally.ts';
import type { Plan } from '../plan/plan.ts';
import { plannedCost, plannedWay } from '../plan/planned-cost.ts';
import { type SampledTokens, TokenSample } from '../plan/token-sample.ts';
import { tokenizerOf } from '../plan/tokenizer.ts';
import { readPatiently } from '../read/read-run.ts';
import { checkSample } from '../read/sample-rules.ts';
import { beginBuild } from './build/begin-build.ts';
import { openPipeline } from './open-run.ts';

export interface PlanFlags extends RequestFlags {
  /** Whether the tokens of every request are counted. */
  readonly exact?: boolean | undefined;
  /** How many requests are shown. */
  readonly show?: number | undefined;
}

export interface PlanResult {
  readonly plan: Plan;
  /** The first request lines. */
  readonly shown: readonly string[];
}

/** How many requests are counted where not all are. */
const sampledRequests = 1000;

/** Files are read through for it, which takes longer than asking a database. */
const countWithinMs = 10_000;

/** What was packed on paper. */
interface Paper {
  readonly limits: ChunkLimits;
  readonly prices: Prices;
  readonly chunks: readonly NewChunk[];
  readonly counts: RowCounts;
  readonly tally: PaperTally;
  readonly tokens: SampledTokens;
  /** How many times as many rows there are as were read; null where that is not known. */
  readonly times: number | null;
}

/**
 * Works out what a run would send and cost: reads, renders and packs as a run does, but writes nothing, sends nothing,
 * and asks of the sink only what it holds already. What reading must put aside lies in a temporary folder meanwhile.
 */
export async function planPipeline(
  loaded: LoadedPipeline,
  flags: PlanFlags,
  host: Host,
): Promise<PlanResult> {
  checkSample(loaded, flags);
  const folder = await mkdtemp(join(tmpdir(), 'batchline-plan-'));
  try {
    await using ledger = await openLedgerCopy(loaded.stateDir, folder);
    const paper = await readOnPaper(ledger, loaded, flags, { folder, host });
    return { plan: await planOf(ledger, loaded, paper, flags), shown: paper.tally.shown };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readOnPaper(
  ledger: Ledger,
  loaded: LoadedPipeline,
  { exact = false, show = 0, ...flags }: PlanFlags,
  { folder, host }: { readonly folder: string; readonly host: Host },
): Promise<Paper> {
  const opening = { ledger, loaded, host };
  await using prepared = await openPipeline(opening, { where: flags.where, offline: true });
  const reading = { ...opening, prepared, flags };
  // As a build does, it changes nothing in the sink; nothing but the copy of the ledger knows of it.
  const run = await beginBuild(reading, folder);
  const limits = chunkLimits(loaded.pipeline, prepared.provider.batches.limits);
  const { encoding } = tokenizerOf(loaded.pipeline);
  const counted = { lines: prepared.requestLines, encoding };
  const counter = exact ? new EveryToken(counted) : new TokenSample({ ...counted, size: sampledRequests });
  const tally = new PaperTally(counter, show);
  await readPatiently({ ...reading, run }, limits, () => Promise.resolve(), { tally, onPaper: true });
  const counts = await ledger.rowCounts(run.runId);
  const { window } = run.selection;
  return {
    limits,
    prices: prepared.prices.at(Date.now()),
    tally,
    counts,
    chunks: await ledger.chunks(run.runId),
    tokens: counter.count(),
    times:
      flags.limit === undefined || counts.records < flags.limit
        ? 1
        : timesOf(
            await countSource(prepared.source, {
              window,
              signal: host.signals.drain,
              withinMs: countWithinMs,
              readsFiles: true,
            }),
            counts.records,
          ),
  };
}

function timesOf(rows: number | null, read: number): number | null {
  return rows === null ? null : Math.max(1, rows / read);
}

async function planOf(
  ledger: Ledger,
  loaded: LoadedPipeline,
  { limits, prices, chunks, counts, tally, tokens, times }: Paper,
  { exact }: PlanFlags,
): Promise<Plan> {
  const { name, pipeline } = loaded;
  const packed = chunks.map(({ requests, bytes, tokens }) => ({ requests, bytes, tokens }));
  const factor = times ?? 1;
  const batches = factor === 1 ? packed : scaleFiles(packed, factor, limits);
  const sums = sumFiles(packed);
  const scaled = (value: number): number => Math.round(value * factor);
  const { requests } = sumFiles(batches);
  const input = scaled(sums.tokens * (tokens.perEstimated ?? 0));
  const output = await expectedOutput(ledger, loaded);
  const way = plannedWay(pipeline, requests);
  const { expected: _expected, ...costs } = plannedCost(pipeline, prices, { requests, input, way }, output);
  const total = (each: number | null): number | null => (each === null ? null : Math.round(each * requests));
  const unfinished = (await ledger.runs(name)).find((run) => run.kind === 'run' && !isEnded(run));
  return {
    pipeline: name,
    rows: {
      records: scaled(counts.records),
      read: scaled(counts.read),
      filtered: scaled(counts.filtered),
      skipped: scaled(counts.skipped),
      requested: scaled(counts.requested),
      failed: scaled(counts.failed),
    },
    batches,
    tokens: {
      input,
      output_expected: total(output.expected),
      output_ceiling: total(output.ceiling),
      exact: (exact === true || tokens.isWhole) && tokenizerOf(pipeline).isOwn && factor === 1,
      output_basis: output.basis,
    },
    cost_usd: costs,
    prices_as_of: prices.asOf,
    prices_by: prices.by,
    prices_remark: prices.remark,
    way,
    rounds: roundsOf(batches, pipeline.batch.max_enqueued_tokens ?? Infinity),
    disk_bytes: scaled(tally.diskBytes),
    done: way === 'batch' ? await forecastFiles(ledger, pipeline, batches) : null,
    extrapolated: factor !== 1,
    at_least: times === null,
    sampled_records: counts.records,
    unfinished_run: unfinished?.runId ?? null,
  };
}
