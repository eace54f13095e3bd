import { basename } from 'node:path';
import { chunkOutcome } from '../../batch/chunk-outcome.ts';
import { AnswerSizeCounts } from '../../batch/answer-sizes.ts';
import { Reconciliation, type ChunkSpan } from '../../batch/reconciliation.ts';
import type { Semaphore } from '../../core/semaphore.ts';
import type { Loading } from '../../job/job.ts';
import type { ChunkOutcome, ChunkRecord } from '../../ledger/ledger.ts';
import type { CostSum } from '../../cost/cost-sum.ts';
import { noCost } from '../../ledger/cost.ts';
import { addTokens, noTokens } from '../../ledger/token-counts.ts';
import { withRequests } from '../../batch/failed-requests.ts';
import type { FollowerIndex } from '../../load/followers/follower-index.ts';
import { costSums } from '../../load/cost-sums.ts';
import { joinResults } from '../../load/join-results.ts';
import type { LoadQueue } from '../../load/load-queue.ts';
import { openQueue } from '../../load/open-queue.ts';
import type { TakenFiles } from './taken-files.ts';
import { noFollowers, WindowFollowers, type LoadedFollowers } from './build-followers.ts';

export interface WindowOptions {
  readonly loading: Loading;
  readonly slots: Semaphore;
  /** The rows that follow others; null where none do. */
  readonly index: FollowerIndex | null;
  readonly taken: TakenFiles;
}

/**
 * A stretch of a build's chunks whose ids are held in memory, while results files are joined with them. What became of
 * all its rows is recorded in one transaction.
 */
export class BuildWindow implements Disposable {
  readonly #loading: Loading;
  readonly #slots: Semaphore;
  readonly #taken: TakenFiles;
  readonly #firstChunk: number;
  readonly #reconciliation: Reconciliation;
  readonly #followers: WindowFollowers | null;
  readonly #queue: LoadQueue;
  readonly #joined: string[] = [];
  #usage = noTokens;
  readonly #cost: CostSum;
  readonly #sizes = new AnswerSizeCounts();
  #cleaned = 0;

  private constructor(
    { loading, slots, taken }: WindowOptions,
    reconciliation: Reconciliation,
    followers: WindowFollowers | null,
  ) {
    const { run, host } = loading;
    const { sink, results } = loading.prepared;
    this.#loading = loading;
    this.#slots = slots;
    this.#taken = taken;
    this.#cost = costSums(loading)('batch');
    this.#firstChunk = reconciliation.spans[0]?.chunk.chunk ?? 0;
    this.#reconciliation = reconciliation;
    this.#followers = followers;
    this.#queue = openQueue(
      { runId: run.runId, sink, slots, results, host },
      reconciliation,
      this.#firstChunk,
      (count) => {
        this.#cleaned += count;
      },
    );
  }

  static async open(options: WindowOptions, chunks: readonly ChunkRecord[]): Promise<BuildWindow> {
    const { loading, index } = options;
    const reconciliation = await Reconciliation.open(loading.run.folder, chunks);
    try {
      const followers = index === null ? null : await WindowFollowers.open(loading, index, reconciliation);
      return new BuildWindow(options, reconciliation, followers);
    } catch (error) {
      reconciliation[Symbol.dispose]();
      throw error;
    }
  }

  has(customId: string): boolean {
    return this.#reconciliation.has(customId);
  }

  /** Joins a results file with the rows. @returns whether every line of it belonged to them */
  async join(path: string): Promise<boolean> {
    const { prepared, host } = this.#loading;
    this.#joined.push(path);
    const strangersBefore = this.#reconciliation.strangers;
    const isTaken = await this.#taken.has(path);
    const { usage } = await joinResults(
      {
        reconciliation: this.#reconciliation,
        results: prepared.results,
        queue: this.#queue,
        history: new Map(),
        // What was taken before was paid for then.
        ...(isTaken ? {} : { cost: this.#cost, sizes: this.#sizes }),
        // Not by the window's number, which is another one once earlier windows are done.
        place: `${basename(path)}.${this.#firstChunk}`,
        now: new Date().toISOString(),
        signal: host.signals.abort,
      },
      path,
      this.#taken.read(path),
    );
    if (!isTaken) this.#usage = addTokens(this.#usage, usage);
    return this.#reconciliation.strangers === strangersBefore;
  }

  /** Loads what was joined to its end and records it. Rows without a lasting result wait for further files. */
  async finish(): Promise<void> {
    await this.#queue.drain();
    const followed = (await this.#followers?.load(this.#loading, this.#slots, this.#joined)) ?? noFollowers;
    await this.#record(followed, true);
  }

  /** Gives up on every row that has no lasting result. */
  async close(): Promise<void> {
    await this.#record(noFollowers, false);
  }

  async #record(followed: LoadedFollowers, moreToCome: boolean): Promise<void> {
    const { ledger, host } = this.#loading;
    const outcomes = new Map<number, ChunkOutcome>();
    for (const span of this.#reconciliation.spans) {
      outcomes.set(span.chunk.chunk, await this.#outcomeOf(span, moreToCome));
    }
    const [first] = outcomes;
    if (this.#followers !== null && first !== undefined) {
      const [chunk, outcome] = first;
      const followers = this.#followers.outcome(followed, outcomes.values());
      outcomes.set(chunk, { ...outcome, followers });
    }
    const placed = this.#reconciliation.spans.flatMap(({ chunk: at }) => {
      const outcome = outcomes.get(at.chunk);
      return outcome === undefined ? [] : [{ at, outcome }];
    });
    await ledger.recordOutcomes(placed);
    for (const [chunk, { ok, failures, rowStates }] of outcomes) {
      const pending = rowStates.filter((state) => state === 0).length;
      host.emit({ type: 'ChunkLoaded', chunk, ok, failed: failures.length, pending });
    }
  }

  async #outcomeOf(span: ChunkSpan, moreToCome: boolean): Promise<ChunkOutcome> {
    const { ledger, run, prepared } = this.#loading;
    const history = await ledger.rowHistory(run.runId, span.chunk.chunk);
    // The sums of a window are booked on its first chunk.
    const isFirst = span.chunk.chunk === this.#firstChunk;
    const outcome = chunkOutcome(this.#reconciliation, span, {
      event: 'results_loaded',
      limits: {
        attempts: moreToCome ? Infinity : 0,
        submissions: Infinity,
        retriedAnswers: new Set(),
      },
      history,
      usage: isFirst ? this.#usage : noTokens,
      cost: isFirst ? this.#cost.total : noCost,
      cleaned: isFirst ? this.#cleaned : 0,
      now: Date.now(),
      moreToCome,
    });
    const failures = await withRequests(run.folder, prepared.requestLines, span, outcome, history);
    const isDone = span.chunk.state !== 'loaded' && !outcome.rowStates.includes(0);
    const answers = isFirst ? this.#sizes.sizes : undefined;
    return { ...outcome, failures, answers, event: isDone ? 'results_loaded' : null };
  }

  [Symbol.dispose](): void {
    this.#reconciliation[Symbol.dispose]();
  }
}
