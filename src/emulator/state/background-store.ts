import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { answer } from '../answers/answer.ts';
import { asText, type JsonMap } from '../../core/json.ts';
import { newId } from './ids.ts';

/** Responses that were asked for in the background, durable; each is answered a while after it was begun. */
export class BackgroundStore {
  readonly #latencyMs: number;
  readonly #insert: StatementSync;
  readonly #get: StatementSync;
  readonly #cancel: StatementSync;

  /** @param latencyMs how long a response takes */
  constructor(database: DatabaseSync, latencyMs: number) {
    this.#latencyMs = latencyMs;
    this.#insert = database.prepare('INSERT INTO responses (id, request, ready_ms) VALUES (?, ?, ?)');
    this.#get = database.prepare('SELECT request, ready_ms, cancelled FROM responses WHERE id = ?');
    this.#cancel = database.prepare('UPDATE responses SET cancelled = 1 WHERE id = ? AND ready_ms > ?');
  }

  /** @returns its id */
  begin(request: JsonMap): string {
    const id = newId('resp_');
    this.#insert.run(id, JSON.stringify(request), Date.now() + this.#latencyMs);
    return id;
  }

  has(id: string): boolean {
    return this.#get.get(id) !== undefined;
  }

  /** As the API shows it now. */
  show(id: string): JsonMap {
    const row = this.#get.get(id) ?? {};
    const request = JSON.parse(asText(row['request']) ?? '{}') as JsonMap;
    const own = { id, background: true };
    const answered = { ...answer('/v1/responses', request), ...own };
    const isCancelled = row['cancelled'] === 1;
    if (!isCancelled && Number(row['ready_ms']) <= Date.now()) return answered;
    const status = isCancelled ? 'cancelled' : 'queued';
    return { ...answered, status, incomplete_details: null, output: [], usage: null };
  }

  /** One that is answered stays as it is. */
  cancel(id: string): void {
    this.#cancel.run(id, Date.now());
  }
}
