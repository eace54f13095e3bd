import { basename } from 'node:path';
import { chunkOutcome } from '../../batch/chunk-outcome.ts';
import { Reconciliation } from '../../batch/reconciliation.ts';
import { Semaphore } from '../../core/semaphore.ts';
import type { OpenedSink } from '../../core/sink.ts';
import type { ChunkOutcome, ChunkRecord, Ledger, RunRecord, TokenCounts } from '../../ledger/ledger.ts';
import { addTokens, noTokens } from '../../ledger/token-counts.ts';
import type { AnswerReader } from '../../results/answer-reader.ts';
import type { ColumnSet } from '../../results/columns.ts';
import { readLineBlocks } from '../../files/line-reader.ts';
import { noFollowers, WindowFollowers, type LoadedFollowers } from './build-followers.ts';
import type { Host } from '../../core/host.ts';
import { openQueue, withRequests } from '../../load/deliver.ts';
import type { FollowerIndex } from '../../load/followers/follower-index.ts';
import { joinResults } from '../../load/join-results.ts';
import { loadsAtOnce } from '../../load/load-queue.ts';

/** The most rows whose ids are held in memory at once. */
const windowRows = 100_000;

export interface LoaderContext {
  readonly ledger: Ledger;
  readonly run: RunRecord;
  readonly sink: OpenedSink;
  readonly columns: ColumnSet;
  readonly reader: AnswerReader;
  readonly keyNames: readonly string[];
  /** The rows that follow others; null where none do. */
  readonly followers: FollowerIndex | null;
  readonly host: Host;
}

/** A results file and the windows of chunks that it was read for. */
interface ResultFile {
  readonly path: string;
  /** The id that its first readable line answers; null where it has none. */
  readonly firstId: string | null;
  readonly windows: Set<number>;
  /** Whether every line of it belonged to a window that it was read for. */
  isDone: boolean;
}

/**
 * Joins files with chunks at constant memory: the ids of a window of chunks are held at a time. A file usually belongs
 * to one chunk, so it is read for the window that its first id is in; only a file that turns out to hold other ids as
 * well is read for the other windows too.
 */
export class BuildLoader {
  readonly #context: LoaderContext;
  readonly #slots = new Semaphore(loadsAtOnce);

  constructor(context: LoaderContext) {
    this.#context = context;
  }

  async loadAll(paths: readonly string[]): Promise<void> {
    const files = await Array.fromAsync(paths, (path) => this.#open(path));
    const windows = await this.#windows();
    // Two: the next window is parsed while the last rows of one are on their way into the sink. The index of
    // followers is one window's at a time.
    const turns = new Semaphore(this.#context.followers === null ? 2 : 1);
    const outcomes = await Promise.allSettled(
      windows.map((chunks, window) => turns.run(() => this.#loadWindow(window, chunks, files, true))),
    );
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    for (const [window, chunks] of windows.entries()) {
      if (files.some((file) => !file.isDone && !file.windows.has(window))) {
        await this.#loadWindow(window, await this.#fresh(chunks), files, false);
      }
    }
  }

  /** Gives up on every row that has no lasting result. */
  async closeAll(): Promise<void> {
    for (const chunks of await this.#windows()) {
      using reconciliation = await Reconciliation.open(this.#context.run.folder, chunks);
      const followers = await this.#followers(reconciliation);
      await this.#record(reconciliation, followers, {
        usage: noTokens,
        cleaned: 0,
        followed: noFollowers,
        moreToCome: false,
      });
    }
  }

  async #followers(reconciliation: Reconciliation): Promise<WindowFollowers | null> {
    const { followers } = this.#context;
    return followers === null ? null : WindowFollowers.open(this.#context, followers, reconciliation);
  }

  async #open(path: string): Promise<ResultFile> {
    const { reader, host } = this.#context;
    return {
      path,
      firstId: await firstIdOf(path, reader, host.signals.abort),
      windows: new Set(),
      isDone: false,
    };
  }

  /** The chunks that still lack results, in groups that fit in memory. */
  async #windows(): Promise<readonly (readonly ChunkRecord[])[]> {
    const windows: ChunkRecord[][] = [];
    let rows = Infinity;
    for (const chunk of await this.#context.ledger.chunks(this.#context.run.runId)) {
      if (chunk.state === 'loaded') continue;
      if (rows + chunk.requests > windowRows) {
        windows.push([]);
        rows = 0;
      }
      windows.at(-1)?.push(chunk);
      rows += chunk.requests;
    }
    return windows;
  }

  async #fresh(chunks: readonly ChunkRecord[]): Promise<readonly ChunkRecord[]> {
    const numbers = new Set(chunks.map((chunk) => chunk.chunk));
    const now = await this.#context.ledger.chunks(this.#context.run.runId);
    return now.filter((chunk) => numbers.has(chunk.chunk) && chunk.state !== 'loaded');
  }

  async #loadWindow(
    window: number,
    chunks: readonly ChunkRecord[],
    files: readonly ResultFile[],
    onlyAtHome: boolean,
  ): Promise<void> {
    const { run, host } = this.#context;
    using reconciliation = await Reconciliation.open(run.folder, chunks);
    const followers = await this.#followers(reconciliation);
    const joinedFiles: string[] = [];
    let usage = noTokens;
    let cleaned = 0;
    const queue = openQueue(
      { ...this.#context, ...host, runId: run.runId, slots: this.#slots },
      reconciliation,
      chunks[0]?.chunk ?? 0,
      (count) => {
        cleaned += count;
      },
    );
    for (const file of files) {
      if (file.isDone || file.windows.has(window)) continue;
      if (onlyAtHome && file.firstId !== null && !reconciliation.has(file.firstId)) continue;
      file.windows.add(window);
      joinedFiles.push(file.path);
      const strangersBefore = reconciliation.strangers;
      const joined = await joinResults(
        {
          ...this.#context,
          reconciliation,
          queue,
          history: new Map(),
          // Not by the window's number, which is another one once earlier windows are done.
          place: `${basename(file.path)}.${chunks[0]?.chunk ?? 0}`,
          now: new Date().toISOString(),
          signal: host.signals.abort,
        },
        file.path,
      );
      usage = addTokens(usage, joined.usage);
      file.isDone = reconciliation.strangers === strangersBefore;
    }
    await queue.drain();
    const followed = (await followers?.load(this.#context, this.#slots, joinedFiles)) ?? noFollowers;
    await this.#record(reconciliation, followers, { usage, cleaned, followed, moreToCome: true });
  }

  async #record(
    reconciliation: Reconciliation,
    followers: WindowFollowers | null,
    sums: WindowSums,
  ): Promise<void> {
    const { ledger, run, host } = this.#context;
    const outcomes = new Map<number, ChunkOutcome>();
    for (const [number, span] of reconciliation.spans.entries()) {
      const history = await ledger.rowHistory(run.runId, span.chunk.chunk);
      const outcome = chunkOutcome(reconciliation, span, {
        state: 'loaded',
        limits: {
          attempts: sums.moreToCome ? Infinity : 0,
          submissions: Infinity,
          retriedAnswers: new Set(),
        },
        history,
        // The sums of a window are booked on its first chunk.
        usage: number === 0 ? sums.usage : noTokens,
        cleaned: number === 0 ? sums.cleaned : 0,
        now: Date.now(),
        moreToCome: sums.moreToCome,
      });
      const isDone = !outcome.rowStates.includes(0);
      const failures = await withRequests(run.folder, span, outcome, history);
      outcomes.set(span.chunk.chunk, { ...outcome, failures, state: isDone ? 'loaded' : 'sealed' });
    }
    const [first] = outcomes;
    if (followers !== null && first !== undefined) {
      const [chunk, outcome] = first;
      const followed = followers.outcome(sums.followed, outcomes.values());
      outcomes.set(chunk, { ...outcome, followers: followed });
    }
    await ledger.recordOutcomes(run.runId, outcomes);
    for (const [chunk, { ok, failures, rowStates }] of outcomes) {
      const pending = rowStates.filter((state) => state === 0).length;
      host.emit({ type: 'ChunkLoaded', chunk, ok, failed: failures.length, pending });
    }
  }
}

/** What a pass over results has come to; booked on the first chunk of its window. */
interface WindowSums {
  readonly usage: TokenCounts;
  readonly cleaned: number;
  readonly followed: LoadedFollowers;
  readonly moreToCome: boolean;
}

async function firstIdOf(path: string, reader: AnswerReader, signal: AbortSignal): Promise<string | null> {
  for await (const block of readLineBlocks(path, { signal })) {
    for (let line = 0; line < block.count; line += 1) {
      const result = reader.read(block.buffer, block.starts[line] ?? 0, block.ends[line] ?? 0);
      if (result.kind !== 'unparsable') return result.customId;
    }
  }
  return null;
}
