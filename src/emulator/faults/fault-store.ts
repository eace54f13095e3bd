import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** The faults that are set, as they were written. */
export interface FaultSetting {
  /** What the emulator was started with; null where with nothing. */
  readonly given: string | null;
  /** What holds now; null where nothing does. */
  readonly current: string | null;
  /** Rises with each setting. */
  readonly generation: number;
  /** Milliseconds since 1970. */
  readonly setMs: number;
}

/** How often something came by, and how often it was hit. */
export interface Tally {
  readonly seen: number;
  readonly hits: number;
}

const schema = `
  CREATE TABLE IF NOT EXISTS setting (
    only INTEGER PRIMARY KEY CHECK (only = 1), given TEXT, current TEXT, generation INTEGER NOT NULL, set_ms REAL NOT NULL
  );
  CREATE TABLE IF NOT EXISTS tallies (
    generation INTEGER NOT NULL, name TEXT NOT NULL, seen INTEGER NOT NULL, hits INTEGER NOT NULL,
    PRIMARY KEY (generation, name)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS submissions (
    generation INTEGER NOT NULL, custom_id TEXT NOT NULL, batch_id TEXT NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (generation, custom_id, batch_id)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS hidden_files (id TEXT PRIMARY KEY, until_ms REAL NOT NULL) WITHOUT ROWID;`;

/**
 * What faults must remember. It survives the death of the process, not a power cut: it is written with every call
 * that a fault is looked up for, and nothing depends on it but the faults.
 */
export class FaultStore implements Disposable {
  readonly #database: DatabaseSync;

  constructor(folder: string) {
    this.#database = new DatabaseSync(join(folder, 'faults.db'));
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;');
    this.#database.exec(schema);
  }

  setting(): FaultSetting | undefined {
    const row = this.#database
      .prepare('SELECT given, current, generation, set_ms AS setMs FROM setting')
      .get();
    return row as FaultSetting | undefined;
  }

  /** Makes a new setting; what was counted for the last one is forgotten, but for batches that it was decided for. */
  set({ given, current, generation, setMs }: FaultSetting): void {
    this.#database.prepare('DELETE FROM tallies').run();
    this.#database
      .prepare('INSERT OR REPLACE INTO setting VALUES (1, ?, ?, ?, ?)')
      .run(given, current, generation, setMs);
  }

  tallies(): Map<string, Tally> {
    const rows = this.#database.prepare('SELECT name, seen, hits FROM tallies').all();
    return new Map(
      rows.map((row) => [String(row['name']), { seen: Number(row['seen']), hits: Number(row['hits']) }]),
    );
  }

  count(generation: number, name: string, tally: Tally): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO tallies VALUES (?, ?, ?, ?)')
      .run(generation, name, tally.seen, tally.hits);
  }

  /** How often each row has been sent by now, this batch included; the same when it is asked again for this batch. */
  submissions(generation: number, batchId: string, customIds: readonly string[]): Map<string, number> {
    const insert = this.#database.prepare(
      `INSERT INTO submissions SELECT ?1, ?2, ?3, 1 + count(*) FROM submissions
       WHERE generation = ?1 AND custom_id = ?2 ON CONFLICT DO NOTHING`,
    );
    const select = this.#database.prepare(
      'SELECT number FROM submissions WHERE generation = ? AND custom_id = ? AND batch_id = ?',
    );
    this.#database.exec('BEGIN');
    for (const customId of customIds) insert.run(generation, customId, batchId);
    this.#database.exec('COMMIT');
    return new Map(customIds.map((id) => [id, Number(select.get(generation, id, batchId)?.['number'])]));
  }

  hideFile(id: string, untilMs: number): void {
    this.#database.prepare('INSERT OR REPLACE INTO hidden_files VALUES (?, ?)').run(id, untilMs);
  }

  /** Hidden files, and until when they are. */
  hiddenFiles(): Map<string, number> {
    const rows = this.#database.prepare('SELECT id, until_ms FROM hidden_files').all();
    return new Map(rows.map((row) => [String(row['id']), Number(row['until_ms'])]));
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
