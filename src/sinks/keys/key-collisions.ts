import type { LoadFailure, LoadOutcome, ResultBatch } from '../../core/sink.ts';
import { collision } from './collision.ts';
import { isSame, keysOf, LoadedKeys, type Key, type KeyColumns, type LoadedKey } from './loaded-keys.ts';
import { SharedTurns } from './shared-turns.ts';

/** A table, as far as its keys go. */
export interface KeyedTable {
  /** Its full name with its key's columns: the same table under another key tells rows apart otherwise. */
  readonly name: string;
  /**
   * Whether keys all print in the table as they are written, so that no two of them are equal unless they are the same
   * text; null where the table is to be asked about all.
   */
  readonly areUsual: ((keys: KeyColumns) => boolean) | null;
  /** Whether all keys that the source has are known to print so. */
  readonly areAllUsual: boolean;
  /** The key of the table's row, as it prints it, for each of the keys that it has. */
  readonly standing: (keys: readonly Key[]) => Promise<ReadonlyMap<number, Key>>;
}

type Load = (without: readonly LoadFailure[]) => Promise<LoadOutcome>;

/**
 * Finds the rows whose key is, as the target has it, that of a row which the same run has loaded, or found unchanged, by
 * another key of the source. The first row stays: a later one would replace an answer that is paid for, and be replaced
 * in turn by the next run.
 */
export class KeyCollisions implements Disposable {
  readonly #table: KeyedTable;
  readonly #stateDir: string;
  readonly #runs = new Map<string, LoadedKeys>();
  /** Between the question and the load no other row may come in. */
  readonly #turns = new SharedTurns();

  constructor(table: KeyedTable, stateDir: string) {
    this.#table = table;
    this.#stateDir = stateDir;
  }

  /** Loads a batch but for such rows, which are among the outcome's failures. */
  async load({ keys }: Pick<ResultBatch, 'keys'>, runId: string, load: Load): Promise<LoadOutcome> {
    if (this.#table.areUsual?.(keys) !== true) return this.#loadAsking(keysOf(keys), runId, load);
    const outcome = await this.#turns.shared(async () => {
      const loaded = this.#keysOf(runId);
      if (loaded.hasOdd) return null;
      const done = await load([]);
      loaded.addUsual(withoutFailed(keys, done));
      return done;
    });
    return outcome ?? this.#loadAsking(keysOf(keys), runId, load);
  }

  /** Notes keys whose rows stand in the target as an earlier run has loaded them. */
  async note(keys: readonly Key[], runId: string): Promise<void> {
    if (keys.length === 0 || this.#table.areAllUsual) return;
    const columns = keys[0]?.map((_, part) => keys.map((key) => key[part] ?? '')) ?? [];
    if (this.#table.areUsual?.(columns) === true)
      return this.#turns.shared(async () => this.#keysOf(runId).addUsual(columns));
    return this.#turns.alone(() => this.#addStanding(keys, runId));
  }

  #loadAsking(keys: readonly Key[], runId: string, load: Load): Promise<LoadOutcome> {
    return this.#turns.alone(async () => {
      const outcome = await load(this.#collisions(keys, runId, await this.#table.standing(keys)));
      await this.#addStanding(keys, runId, new Set(outcome.failures.map(({ row }) => row)));
      return outcome;
    });
  }

  #collisions(
    keys: readonly Key[],
    runId: string,
    standing: ReadonlyMap<number, Key>,
  ): readonly LoadFailure[] {
    const there = [...standing].map(([row, target]) => ({ row, ...loadedKey(keys, row, target) }));
    const owners = this.#keysOf(runId).ownersOf(there);
    return there.flatMap(({ row, source }, index) => {
      const owner = owners[index] ?? null;
      return owner === null || isSame(owner, source) ? [] : [{ row, ...collision(source, owner) }];
    });
  }

  async #addStanding(
    keys: readonly Key[],
    runId: string,
    without: ReadonlySet<number> = new Set(),
  ): Promise<void> {
    const standing = await this.#table.standing(keys);
    const rows = [...standing].filter(([row]) => !without.has(row));
    this.#keysOf(runId).add(rows.map(([row, target]) => loadedKey(keys, row, target)));
  }

  #keysOf(runId: string): LoadedKeys {
    const made = this.#runs.get(runId) ?? new LoadedKeys(this.#stateDir, runId, this.#table.name);
    this.#runs.set(runId, made);
    return made;
  }

  [Symbol.dispose](): void {
    for (const loaded of this.#runs.values()) loaded[Symbol.dispose]();
    this.#runs.clear();
  }
}

function loadedKey(keys: readonly Key[], row: number, target: Key): LoadedKey {
  return { source: keys[row] ?? [], target };
}

function withoutFailed(keys: KeyColumns, { failures }: LoadOutcome): KeyColumns {
  if (failures.length === 0) return keys;
  const failed = new Set(failures.map(({ row }) => row));
  return keys.map((part) => part.filter((_, row) => !failed.has(row)));
}
