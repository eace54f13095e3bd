import type { DatabaseSync } from 'node:sqlite';
import type { WatermarkLedger } from '../selection.ts';

const select = `SELECT low FROM watermarks WHERE pipeline = :pipeline AND scope = :scope`;

const pin = `
  UPDATE runs SET selection = json_set(selection, '$.window.moves', json('false'))
  WHERE run_id = :runId AND json_extract(selection, '$.window') IS NOT NULL`;

const move = `
  INSERT INTO watermarks (pipeline, scope, low, run_id, started_at)
  SELECT pipeline, json_extract(selection, '$.window.scope'), json_extract(selection, '$.window.high'), run_id, started_at
  FROM runs
  WHERE run_id = :runId AND json_extract(selection, '$.window.moves') = 1
    AND json_extract(selection, '$.window.high') IS NOT NULL
  ON CONFLICT (pipeline, scope) DO UPDATE SET low = excluded.low, run_id = excluded.run_id, started_at = excluded.started_at
  WHERE excluded.started_at >= watermarks.started_at`;

/**
 * Rows that a run answers after a newer one has ended may have changed since, and then lie above its window. No run that
 * began before now says anything of them.
 */
const stepBack = `
  UPDATE watermarks SET low = json_extract(old.selection, '$.window.high'), run_id = old.run_id, started_at = :at
  FROM runs AS old
  WHERE old.run_id = :runId AND old.pipeline = watermarks.pipeline
    AND json_extract(old.selection, '$.window.scope') = watermarks.scope
    AND json_extract(old.selection, '$.window.skipsUnchanged') = 1
    AND json_extract(old.selection, '$.window.high') IS NOT NULL
    AND old.started_at < watermarks.started_at
    AND old.started_at < (SELECT started_at FROM runs WHERE run_id = watermarks.run_id)`;

export class SqliteWatermarks implements WatermarkLedger {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  async watermark(pipeline: string, scope: string): Promise<string | null> {
    const row = this.#database.prepare(select).get({ pipeline, scope });
    return row === undefined ? null : String(row['low']);
  }

  async pinWatermark(runId: string): Promise<void> {
    this.#database.prepare(pin).run({ runId });
  }

  /** To be called within the transaction that ends the run. @param at milliseconds since 1970 */
  runEnded(runId: string, isComplete: boolean, at: number): void {
    this.#database.prepare(stepBack).run({ runId, at });
    if (isComplete) this.#database.prepare(move).run({ runId });
  }
}
