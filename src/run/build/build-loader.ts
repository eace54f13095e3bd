import { rowState } from '../../batch/reconciliation.ts';
import { Semaphore } from '../../core/semaphore.ts';
import { readResult, readResultBlocks } from '../../batch/read-result.ts';
import type { Loading } from '../../job/job.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import type { FollowerIndex } from '../../load/followers/follower-index.ts';
import { loadsAtOnce } from '../../load/load-queue.ts';
import type { AnswerReader } from '../../results/answer-reader.ts';
import type { TakenFiles } from './taken-files.ts';
import { BuildWindow, type WindowOptions } from './build-window.ts';

/** The most rows whose ids are held in memory at once. */
const windowRows = 100_000;

/** A results file and the windows of chunks that it was read for. */
interface ResultFile {
  readonly path: string;
  /** The id that its first readable line answers; null where it has none. */
  readonly firstId: string | null;
  readonly windows: Set<number>;
  /** Whether every line of it belonged to a window that it was read for. */
  isDone: boolean;
}

/** Some chunks with which results files are joined. */
export interface ResultWindow extends Disposable {
  has(customId: string): boolean;
  /** @returns whether every line of the file belonged to them */
  join(path: string): Promise<boolean>;
  /** Loads what was joined to its end and records it. */
  finish(): Promise<void>;
}

/** Which chunks are joined, and what that does. */
export interface Joining {
  chunks(): Promise<readonly ChunkRecord[]>;
  open(options: WindowOptions, chunks: readonly ChunkRecord[]): Promise<ResultWindow>;
}

/** Loads what no earlier command has loaded, also of rows that have failed, where the target still takes them. */
function loadingFresh({ ledger, run, prepared }: Loading): Joining {
  return {
    chunks: async () => {
      const chunks = await ledger.chunks(run.runId);
      const takesMore = chunks.every(({ ok }) => ok === 0) || (await prepared.sink.continues(run.runId));
      return chunks.filter((chunk) => chunk.state !== 'loaded' || (takesMore && hasFailed(chunk)));
    },
    open: (options, chunks) => BuildWindow.open(options, chunks),
  };
}

function hasFailed({ rowStates }: ChunkRecord): boolean {
  return rowStates?.includes(rowState.failed) === true;
}

/**
 * Joins files with chunks at constant memory: the ids of a window of chunks are held at a time. A file usually belongs
 * to one chunk, so it is read for the window that its first id is in; only a file that turns out to hold other ids as
 * well is read for the other windows too.
 */
export class BuildLoader {
  readonly #options: WindowOptions;
  readonly #joining: Joining;

  /** @param index the rows that follow others; null where none do */
  constructor(
    loading: Loading,
    index: FollowerIndex | null,
    taken: TakenFiles,
    joining = loadingFresh(loading),
  ) {
    this.#joining = joining;
    this.#options = { loading, index, taken, slots: new Semaphore(loadsAtOnce) };
  }

  async loadAll(paths: readonly string[]): Promise<void> {
    const files = await Array.fromAsync(paths, (path) => this.#open(path));
    const windows = await this.#windows();
    // Two: the next window is parsed while the last rows of one are on their way into the sink. The index of
    // followers is one window's at a time.
    const turns = new Semaphore(this.#options.index === null ? 2 : 1);
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
      using window = await BuildWindow.open(this.#options, chunks);
      await window.close();
    }
  }

  async #open(path: string): Promise<ResultFile> {
    const { prepared, host } = this.#options.loading;
    const firstId = await firstIdOf(path, prepared.results.reader, host.signals.abort);
    return { path, firstId, windows: new Set(), isDone: false };
  }

  /** The chunks, in groups that fit in memory. */
  async #windows(): Promise<readonly (readonly ChunkRecord[])[]> {
    const windows: ChunkRecord[][] = [];
    let rows = Infinity;
    for (const chunk of await this.#joining.chunks()) {
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
    return (await this.#joining.chunks()).filter((chunk) => numbers.has(chunk.chunk));
  }

  async #loadWindow(
    number: number,
    chunks: readonly ChunkRecord[],
    files: readonly ResultFile[],
    onlyAtHome: boolean,
  ): Promise<void> {
    using window = await this.#joining.open(this.#options, chunks);
    for (const file of files) {
      if (file.isDone || file.windows.has(number)) continue;
      if (onlyAtHome && file.firstId !== null && !window.has(file.firstId)) continue;
      file.windows.add(number);
      file.isDone = await window.join(file.path);
    }
    await window.finish();
  }
}

async function firstIdOf(path: string, reader: AnswerReader, signal: AbortSignal): Promise<string | null> {
  for await (const block of readResultBlocks(path, signal)) {
    for (let line = 0; line < block.count; line += 1) {
      const result = readResult(reader, block, line);
      if (result.kind !== 'unparsable') return result.customId;
    }
  }
  return null;
}
