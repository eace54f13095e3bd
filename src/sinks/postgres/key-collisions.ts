import type { LoadFailure, LoadOutcome, ResultBatch } from '../../core/sink.ts';
import { quoteIdentifier, quoteTable } from '../../pg/identifier.ts';
import type { ConnectionPool } from './connection-pool.ts';
import { askByKey } from './ask-by-key.ts';
import { isKey, type LoadPlan } from './load-plan.ts';
import { isSame, keysOf, LoadedKeys, type Key, type KeyColumns, type LoadedKey } from './loaded-keys.ts';
import { collision } from './row-fault.ts';
import { SharedTurns } from './shared-turns.ts';
import { usualKeys } from './usual-keys.ts';

type Load = (without: readonly LoadFailure[]) => Promise<LoadOutcome>;

/**
 * Finds the rows whose key is, as the target has it, that of a row which the same run has loaded by another key of the
 * source. The first loaded row stays: a later one would replace an answer that is paid for, and be replaced in turn by
 * the next run.
 */
export class KeyCollisions implements Disposable {
  readonly #pool: ConnectionPool;
  readonly #plan: LoadPlan;
  readonly #stateDir: string;
  readonly #areUsual: ((keys: KeyColumns) => boolean) | null;
  readonly #runs = new Map<string, LoadedKeys>();
  /** Between the question and the load no other row may come in. */
  readonly #turns = new SharedTurns();

  constructor(pool: ConnectionPool, plan: LoadPlan, stateDir: string) {
    this.#pool = pool;
    this.#plan = plan;
    this.#stateDir = stateDir;
    this.#areUsual = usualKeys(plan);
  }

  /** Loads a batch but for such rows, which are among the outcome's failures. */
  async load(rows: ResultBatch, runId: string, load: Load): Promise<LoadOutcome> {
    // Rows are only added here, and an index on the key speaks up by itself.
    if (this.#plan.mode === 'insert') return load([]);
    if (this.#areUsual?.(rows.keys) !== true) return this.#loadAsking(keysOf(rows.keys), runId, load);
    const outcome = await this.#turns.shared(async () => {
      const loaded = this.#keysOf(runId);
      if (loaded.hasOdd) return null;
      const done = await load([]);
      loaded.addUsual(withoutFailed(rows.keys, done));
      return done;
    });
    return outcome ?? this.#loadAsking(keysOf(rows.keys), runId, load);
  }

  #loadAsking(keys: readonly Key[], runId: string, load: Load): Promise<LoadOutcome> {
    return this.#turns.alone(async () => {
      const loaded = this.#keysOf(runId);
      const outcome = await load(this.#collisions(loaded, keys, await this.#ask(keys)));
      const failed = new Set(outcome.failures.map(({ row }) => row));
      const standing = await this.#ask(keys);
      loaded.add(
        [...standing].flatMap(([row, target]) => (failed.has(row) ? [] : [loadedKey(keys, row, target)])),
      );
      return outcome;
    });
  }

  #collisions(
    loaded: LoadedKeys,
    keys: readonly Key[],
    standing: ReadonlyMap<number, Key>,
  ): readonly LoadFailure[] {
    const there = [...standing].map(([row, target]) => ({ row, ...loadedKey(keys, row, target) }));
    const owners = loaded.ownersOf(there);
    return there.flatMap(({ row, source }, index) => {
      const owner = owners[index] ?? null;
      return owner === null || isSame(owner, source) ? [] : [{ row, ...collision(source, owner) }];
    });
  }

  /** The key of the target's row, as it prints it, for each of the keys that it has. */
  async #ask(keys: readonly Key[]): Promise<ReadonlyMap<number, Key>> {
    const columns = this.#plan.columns.slice(0, this.#plan.keyCount);
    const names = columns.map(({ name }) => `target.${quoteIdentifier(name)}`);
    const asked = columns.map(({ type }, part) => `asked.k${part + 1}::${type.declared}`);
    const statement = (from: string): string =>
      `SELECT asked.place, ARRAY[${names.map((name) => `${name}::text`).join(', ')}] AS key FROM ${from}
        JOIN ${quoteTable(this.#plan.table)} AS target ON ${isKey(this.#plan, names, asked)}`;
    const found = await this.#pool.use('look for keys that are equal', (client) =>
      askByKey<{ place: number; key: string[] }>(client, this.#plan, keys, statement),
    );
    return new Map(found.map(({ place, key }) => [place, key]));
  }

  #keysOf(runId: string): LoadedKeys {
    const found = this.#runs.get(runId);
    if (found !== undefined) return found;
    // The same table under another key tells rows apart otherwise.
    const names = this.#plan.columns.slice(0, this.#plan.keyCount).map(({ name }) => quoteIdentifier(name));
    const target = `${quoteTable(this.#plan.table)} (${names.join(', ')})`;
    const made = new LoadedKeys(this.#stateDir, runId, target);
    this.#runs.set(runId, made);
    return made;
  }

  [Symbol.dispose](): void {
    for (const loaded of this.#runs.values()) loaded[Symbol.dispose]();
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
