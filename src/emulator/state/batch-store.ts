import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { hasEnded, type BatchRecord } from './batch-record.ts';

export interface BatchPage {
  /** How the ids of the API begin whose batches are meant. */
  readonly prefix: string;
  readonly after: string | null;
  readonly before?: string | null;
  readonly limit: number;
}

/** Batches, durable. Those that have not ended are held in memory too, so that progress can be shown without writing. */
export class BatchStore {
  readonly #live = new Map<string, BatchRecord>();
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #get: StatementSync;
  readonly #seq: StatementSync;
  readonly #older: StatementSync;
  readonly #newer: StatementSync;
  readonly #delete: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare('INSERT INTO batches (id, ended, record) VALUES (?, 0, ?)');
    this.#update = database.prepare('UPDATE batches SET ended = ?, record = ? WHERE id = ?');
    this.#get = database.prepare('SELECT record FROM batches WHERE id = ?');
    this.#seq = database.prepare('SELECT seq FROM batches WHERE id = ?');
    const own = 'substr(id, 1, length(?2)) = ?2';
    this.#older = database.prepare(
      `SELECT record FROM batches WHERE (?1 = 0 OR seq < ?1) AND ${own} ORDER BY seq DESC LIMIT ?3`,
    );
    this.#newer = database.prepare(
      `SELECT record FROM batches WHERE seq > ?1 AND ${own} ORDER BY seq LIMIT ?3`,
    );
    this.#delete = database.prepare('DELETE FROM batches WHERE id = ? AND ended = 1');
    const unfinished = database.prepare('SELECT record FROM batches WHERE ended = 0 ORDER BY seq');
    for (const row of unfinished.all()) {
      const batch = parseRecord(row);
      this.#live.set(batch.id, batch);
    }
  }

  insert(batch: BatchRecord): void {
    this.#insert.run(batch.id, JSON.stringify(batch));
    this.#live.set(batch.id, batch);
  }

  /** Changes a batch that has not ended, durably. */
  update(id: string, change: Partial<BatchRecord>): BatchRecord {
    const batch = this.show(id, change);
    this.#update.run(hasEnded(batch) ? 1 : 0, JSON.stringify(batch), id);
    if (hasEnded(batch)) this.#live.delete(id);
    return batch;
  }

  /** Changes what is shown of a batch that has not ended; after a restart the change is gone. */
  show(id: string, change: Partial<BatchRecord>): BatchRecord {
    const before = this.#live.get(id);
    if (before === undefined) throw new Error(`batch ${id} has ended`);
    const batch = { ...before, ...change };
    this.#live.set(id, batch);
    return batch;
  }

  get(id: string): BatchRecord | undefined {
    const live = this.#live.get(id);
    if (live !== undefined) return live;
    const row = this.#get.get(id);
    return row === undefined ? undefined : parseRecord(row);
  }

  /** A batch that is known to exist. */
  require(id: string): BatchRecord {
    const batch = this.get(id);
    if (batch === undefined) throw new Error(`batch ${id} is gone`);
    return batch;
  }

  /**
   * Newest first: of the batches of one API those that are older than `after`, or the next that are newer than
   * `before`; undefined where one of them names no batch.
   */
  list({ prefix, after, before = null, limit }: BatchPage): readonly BatchRecord[] | undefined {
    const mark = before ?? after;
    const row = mark === null ? { seq: null } : this.#seq.get(mark);
    if (row === undefined) return undefined;
    const rows = (before === null ? this.#older : this.#newer).all(Number(row['seq'] ?? 0), prefix, limit);
    const batches = rows.map((row) => {
      const batch = parseRecord(row);
      return this.#live.get(batch.id) ?? batch;
    });
    return before === null ? batches : batches.toReversed();
  }

  /** Forgets a batch that has ended. */
  delete(id: string): void {
    this.#delete.run(id);
  }

  unfinished(): readonly BatchRecord[] {
    return [...this.#live.values()];
  }
}

/** What records of the first version do not have. */
const laterFields = { expired_at: null, enqueued_tokens: null, plan: null };

function parseRecord(row: Record<string, unknown>): BatchRecord {
  return { ...laterFields, ...(JSON.parse(String(row['record'])) as BatchRecord) };
}
