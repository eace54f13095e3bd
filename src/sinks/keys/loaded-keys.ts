import { hash } from 'node:crypto';
import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** A key as its parts. */
export type Key = readonly string[];

/** Keys by the columns of their parts. */
export type KeyColumns = readonly (readonly string[])[];

/** A loaded row: its key as the source writes it and as the target prints it. */
export interface LoadedKey {
  readonly source: Key;
  readonly target: Key;
}

/**
 * By which of the source's keys each row of the target was loaded in a run: kept beside the run, so that a later process
 * knows it too. A row of the target goes by its key's text as the target prints it, which no other row has. The usual
 * keys, that the target prints as the source writes them, are only noted down, and read where one of them is asked for.
 */
export class LoadedKeys implements Disposable {
  readonly #database: DatabaseSync;
  #hasOdd: boolean;

  /** @param table its full name, with its key's columns */
  constructor(stateDir: string, runId: string, table: string) {
    const folder = join(stateDir, 'runs', runId);
    const name = `loaded-keys-${hash('sha256', table).slice(0, 12)}.db`;
    // A load that belongs to no run of this state folder is not gone on with.
    const path = join(folder, name);
    const isKept = existsSync(folder);
    this.#database = new DatabaseSync(isKept ? path : ':memory:');
    // SQLite gives the files that it makes beside it the same rights.
    if (isKept) chmodSync(path, 0o600);
    this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 10000;
      CREATE TABLE IF NOT EXISTS usual (keys TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS odd (target TEXT PRIMARY KEY, source TEXT NOT NULL) WITHOUT ROWID`);
    this.#hasOdd = this.#database.prepare('SELECT 1 FROM odd LIMIT 1').get() !== undefined;
  }

  /** Whether the target prints any key otherwise than the source writes it. */
  get hasOdd(): boolean {
    return this.#hasOdd;
  }

  add(rows: readonly LoadedKey[]): void {
    const usual: string[][] = rows[0]?.source.map(() => []) ?? [];
    const odd: (readonly [target: string, source: string])[] = [];
    for (const { source, target } of rows) {
      const texts = [JSON.stringify(target), JSON.stringify(source)] as const;
      if (texts[0] === texts[1])
        for (const [part, column] of usual.entries()) column.push(source[part] ?? '');
      else odd.push(texts);
    }
    if (rows.length === 0) return;
    this.#database.exec('BEGIN IMMEDIATE');
    this.addUsual(usual);
    const insert = this.#database.prepare(
      'INSERT INTO odd VALUES (?, ?) ON CONFLICT DO UPDATE SET source = excluded.source',
    );
    for (const texts of odd) insert.run(...texts);
    this.#database.exec('COMMIT');
    this.#hasOdd ||= odd.length > 0;
  }

  /** Keys that the target prints as they are. */
  addUsual(keys: KeyColumns): void {
    if (keys[0]?.length !== 0)
      this.#database.prepare('INSERT INTO usual VALUES (?)').run(JSON.stringify(keys));
  }

  /** The source's key that a row of the target was loaded by, where that is known, for each of the target's keys. */
  ownersOf(rows: readonly LoadedKey[]): readonly (Key | null)[] {
    const find = this.#database.prepare('SELECT source FROM odd WHERE target = ?');
    const owners = rows.map(({ target }) => {
      const found = find.get(JSON.stringify(target));
      return typeof found?.['source'] === 'string' ? (JSON.parse(found['source']) as Key) : null;
    });
    const asked = new Set<string>();
    for (const [index, { source, target }] of rows.entries())
      if (owners[index] === null && !isSame(source, target)) asked.add(JSON.stringify(target));
    const usual = this.#usualAmong(asked);
    return owners.map((owner, index) => {
      const target = rows[index]?.target ?? [];
      return owner ?? (usual.has(JSON.stringify(target)) ? target : null);
    });
  }

  #usualAmong(asked: ReadonlySet<string>): ReadonlySet<string> {
    const found = new Set<string>();
    if (asked.size === 0) return found;
    for (const { keys } of this.#database.prepare('SELECT keys FROM usual').iterate())
      for (const key of keysOf(JSON.parse(String(keys)) as KeyColumns)) {
        const text = JSON.stringify(key);
        if (asked.has(text)) found.add(text);
      }
    return found;
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

export function keysOf(columns: KeyColumns): readonly Key[] {
  return columns[0]?.map((_, row) => columns.map((part) => part[row] ?? '')) ?? [];
}

export function isSame(one: Key, other: Key): boolean {
  return one.length === other.length && one.every((part, index) => part === other[index]);
}
