import type { ItemBatch, RenderFailure } from '../core/item-batch.ts';
import type { OpenedSink } from '../core/sink.ts';
import { fromWire } from '../core/wire-text.ts';
import type { Ledger } from '../ledger/ledger.ts';

const pageSize = 5000;

/** Finds the items of a batch that need not be bought again. */
export interface UnchangedFilter {
  /** A byte an item: 1 where the item is to be skipped. */
  skips(items: ItemBatch): Promise<Uint8Array>;
  /** Of the rows that could not be rendered, those that failed in an earlier run already, for the same request. */
  knownFailures(failures: readonly RenderFailure[]): Promise<ReadonlySet<string>>;
}

export const sendEverything: UnchangedFilter = {
  skips: (items) => Promise.resolve(new Uint8Array(items.length)),
  knownFailures: () => Promise.resolve(new Set()),
};

/** Skips what stands in the sink with the same request hash, and what failed for good with it in an earlier run. */
export class SkipUnchanged implements UnchangedFilter {
  readonly #sink: OpenedSink;
  readonly #ledger: Ledger;
  readonly #pipeline: string;
  readonly #sinkHoldsRows: boolean;

  readonly #runId: string | null;

  /**
   * @param sinkHoldsRows false where the target is empty, so that there is nothing to look up
   * @param runId null where rows are only looked at
   */
  constructor(
    sink: OpenedSink,
    ledger: Ledger,
    pipeline: string,
    sinkHoldsRows: boolean,
    runId: string | null,
  ) {
    this.#runId = runId;
    this.#sink = sink;
    this.#ledger = ledger;
    this.#pipeline = pipeline;
    this.#sinkHoldsRows = sinkHoldsRows;
  }

  async skips(items: ItemBatch): Promise<Uint8Array> {
    const skip = new Uint8Array(items.length);
    const hashes = items.hashes ?? [];
    const looked = this.#sinkHoldsRows ? items.length : 0;
    for (let start = 0; start < looked; start += pageSize) {
      const end = Math.min(start + pageSize, items.length);
      const keys = items.keys.slice(start, end).map((parts) => parts.map(fromWire));
      const unchanged = await this.#sink.findUnchanged(keys, hashes.slice(start, end));
      for (const [index, same] of unchanged.entries()) if (same) skip[start + index] = 1;
      if (this.#runId !== null)
        await this.#sink.noteUnchanged?.(
          keys.filter((_, index) => unchanged[index]),
          this.#runId,
        );
    }
    const failed = await this.#ledger.rememberedFailures(this.#pipeline, items.customIds, hashes);
    if (failed.size === 0) return skip;
    for (const [index, customId] of items.customIds.entries()) if (failed.has(customId)) skip[index] = 1;
    return skip;
  }

  async knownFailures(failures: readonly RenderFailure[]): Promise<ReadonlySet<string>> {
    const hashed = failures.filter((failure) => failure.requestHash !== null);
    return this.#ledger.rememberedFailures(
      this.#pipeline,
      hashed.map((failure) => failure.customId),
      hashed.map((failure) => failure.requestHash ?? ''),
    );
  }
}
