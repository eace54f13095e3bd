import type { BatchPlan, PlannedRowFault } from './batch-plan.ts';
import type { FaultStore } from './fault-store.ts';
import { isChosen } from './occurrence.ts';

interface Row {
  readonly customId: string;
}

/** Decides which rows of a batch a fault hits: the first that fits each. */
export class RowChooser {
  readonly #plan: BatchPlan;
  readonly #store: FaultStore;
  readonly #batchId: string;
  readonly #customIds: readonly (ReadonlySet<string> | undefined)[];

  constructor(plan: BatchPlan, store: FaultStore, batchId: string) {
    this.#plan = plan;
    this.#store = store;
    this.#batchId = batchId;
    this.#customIds = plan.rows.map(({ custom_ids: ids }) => ids && new Set(ids));
  }

  /** @param numbers the rows' places in the batch, from 1; as many rows as there are numbers are looked at */
  choose(rows: readonly Row[], numbers: readonly number[]): readonly (PlannedRowFault | undefined)[] {
    const ids = numbers.map((_, index) => rows[index]?.customId ?? '');
    const attempts = this.#countAttempts(ids);
    return numbers.map((number, index) => {
      const id = ids[index] ?? '';
      return this.#plan.rows.find((fault, place) => {
        return (
          (this.#customIds[place]?.has(id) ?? true) &&
          number % (fault.every ?? 1) === 0 &&
          isChosen(`${this.#plan.seed}/rows[${fault.position}]/${id}`, fault.fraction) &&
          (attempts?.get(id) ?? 1) <= (fault.attempts ?? Infinity)
        );
      });
    });
  }

  #countAttempts(ids: readonly string[]): ReadonlyMap<string, number> | undefined {
    if (!this.#plan.countsAttempts) return undefined;
    return this.#store.submissions(this.#plan.generation, this.#batchId, ids);
  }
}
