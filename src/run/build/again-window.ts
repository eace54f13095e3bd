import { basename } from 'node:path';
import { Reconciliation, rowState } from '../../batch/reconciliation.ts';
import { readResult, readResultBlocks } from '../../batch/read-result.ts';
import type { FollowersOutcome } from '../../ledger/follower-ledger.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import { loadFailure } from '../../load/followers/follower-failures.ts';
import { joinFollowers } from '../../load/followers/join-followers.ts';
import { joinResults } from '../../load/join-results.ts';
import { openQueue } from '../../load/open-queue.ts';
import type { ResultWindow } from './build-loader.ts';
import type { WindowOptions } from './build-window.ts';
import { reloadOutcome } from './reload-outcome.ts';

export interface AgainOptions extends WindowOptions {
  /** Whether the answers of a file are loaded once more; those of others are counted as left out. */
  readonly isTaken: (file: string) => Promise<boolean>;
  readonly onLeftOut: (rows: number) => void;
}

/**
 * A stretch of a build's chunks of which some rows were loaded by an earlier command: what was loaded then is loaded
 * again from the same results, since the target may have been emptied meanwhile.
 */
export class AgainWindow implements ResultWindow {
  readonly #leftOut = new Set<string>();
  readonly #options: AgainOptions;
  readonly #reconciliation: Reconciliation;
  readonly #joined: string[] = [];
  readonly #queue;
  #cleaned = 0;

  private constructor(options: AgainOptions, reconciliation: Reconciliation) {
    const { loading, slots } = options;
    const { run, host, prepared } = loading;
    this.#options = options;
    this.#reconciliation = reconciliation;
    const context = { runId: run.runId, sink: prepared.sink, slots, results: prepared.results, host };
    this.#queue = openQueue(context, reconciliation, this.#firstChunk, (count) => {
      this.#cleaned += count;
    });
  }

  /** @param chunks as they were before this command */
  static async open(options: AgainOptions, chunks: readonly ChunkRecord[]): Promise<AgainWindow> {
    const reconciliation = await Reconciliation.open(options.loading.run.folder, chunks);
    const { states } = reconciliation;
    // What was loaded is open, everything else is closed.
    for (const [at, state] of states.entries())
      states[at] = state === rowState.ok ? rowState.pending : rowState.ok;
    return new AgainWindow(options, reconciliation);
  }

  get #firstChunk(): number {
    return this.#reconciliation.spans[0]?.chunk.chunk ?? 0;
  }

  has(customId: string): boolean {
    return this.#reconciliation.has(customId);
  }

  async join(path: string): Promise<boolean> {
    const before = this.#reconciliation.strangers;
    if (await this.#options.isTaken(path)) await this.#load(path);
    else await this.#count(path);
    return this.#reconciliation.strangers === before;
  }

  async #load(path: string): Promise<void> {
    const { prepared, host } = this.#options.loading;
    this.#joined.push(path);
    await joinResults(
      {
        reconciliation: this.#reconciliation,
        results: prepared.results,
        queue: this.#queue,
        history: new Map(),
        place: `${basename(path)}.${this.#firstChunk}.again`,
        now: new Date().toISOString(),
        signal: host.signals.abort,
      },
      path,
    );
  }

  async #count(path: string): Promise<void> {
    const { prepared, host } = this.#options.loading;
    const { reader } = prepared.results;
    for await (const block of readResultBlocks(path, host.signals.abort)) {
      for (let line = 0; line < block.count; line += 1) {
        const result = readResult(reader, block, line);
        if (result.kind === 'unparsable') continue;
        const index = this.#reconciliation.find(result.customId);
        if (result.kind === 'ok' && index !== -1 && this.#reconciliation.states[index] === rowState.pending)
          this.#leftOut.add(result.customId);
      }
    }
  }

  async finish(): Promise<void> {
    await this.#queue.drain();
    this.#options.onLeftOut(this.#leftOut.size);
    const followers = await this.#follow();
    const { ledger, run } = this.#options.loading;
    for (const span of this.#reconciliation.spans) {
      const { chunk } = span.chunk;
      const known = await ledger.chunk(run.runId, chunk);
      const outcome = reloadOutcome(this.#reconciliation, span, known?.rowStates ?? new Uint8Array());
      const isFirst = chunk === this.#firstChunk;
      const cleaned = isFirst ? this.#cleaned : 0;
      const followed = isFirst && followers !== null ? { followers } : {};
      await ledger.recordReload(run.runId, chunk, { ...outcome, cleaned, ...followed });
    }
  }

  /** Loads the followers of what was loaded once more. */
  async #follow(): Promise<FollowersOutcome | null> {
    const { loading, slots, index } = this.#options;
    const leaders = index === null ? [] : this.#reloaded().filter((id) => index.has(id));
    if (index === null || leaders.length === 0) return null;
    const { run, host, prepared } = loading;
    const { sink, results } = prepared;
    index.forgetRefusals();
    let cleaned = 0;
    const context = { runId: run.runId, sink, slots, results, host };
    const queue = openQueue(context, index, this.#firstChunk, (count) => (cleaned += count));
    const place = `followers-${this.#firstChunk}.again`;
    const following = { results, index, queue, place, batchId: null, history: new Map() };
    const time = { now: new Date().toISOString(), signal: host.signals.abort };
    await joinFollowers({ ...following, ...time }, this.#joined, new Set(leaders));
    await queue.drain();
    const batch = { chunk: this.#firstChunk, batchId: null };
    const failures = [...index.refused()].map((refused) => loadFailure(refused, batch, 1));
    return { ok: -failures.length, cleaned, recovered: [], failures };
  }

  /** The rows that were loaded before and are so once more. */
  #reloaded(): readonly string[] {
    const { spans, states } = this.#reconciliation;
    return spans.flatMap(({ chunk, rows, offset }) =>
      rows.customIds.filter(
        (_, line) => chunk.rowStates?.[line] === rowState.ok && states[offset + line] === rowState.ok,
      ),
    );
  }

  [Symbol.dispose](): void {
    this.#reconciliation[Symbol.dispose]();
  }
}
