import type { DatabaseSync } from 'node:sqlite';
import type { AutoLedger, Durations, Measured, Outlook } from '../auto-ledger.ts';
import { chunkMoved } from '../chunk-moved.ts';
import type { ChunkPlace, ChunkRecord } from '../chunk-record.ts';
import { toChunk } from './records.ts';
import { numberOrNull } from './number-or-null.ts';
import { inTransaction, write, writeReturning } from './write.ts';

const open = `state IN ('sealed', 'asking', 'uploading', 'uploaded', 'creating', 'submitted')`;

const selectOutlook = `
  SELECT reading_finished AS isRead, c.*, waiting.count AS waiting
  FROM runs, (
    SELECT
      COALESCE(SUM(requests) FILTER (WHERE origin = 'read'), 0) AS requests,
      COALESCE(SUM(requests) FILTER (WHERE origin = 'retry' AND ${open}), 0) AS again,
      COALESCE(SUM(requests) FILTER (WHERE ${open}), 0) AS out,
      COALESCE(SUM(requests) FILTER (WHERE state = 'asking'), 0) AS asking,
      COUNT(*) FILTER (WHERE state IN ('uploading', 'uploaded', 'creating', 'submitted')) AS inBatches,
      COALESCE(CAST(SUM(tokens) AS REAL) / SUM(requests), 0) AS tokensPerRequest
    FROM chunks WHERE run_id = :runId
  ) c, (
    SELECT COUNT(*) AS count FROM unfinished_rows WHERE run_id = :runId AND waiting = 1
  ) waiting
  WHERE run_id = :runId`;

const selectMedian = `
  SELECT ms FROM (
    SELECT ms, SUM(times) OVER (ORDER BY ms) AS up_to, SUM(times) OVER () AS total FROM durations
    WHERE pipeline = :pipeline AND model = :model AND what = 'request'
  ) WHERE up_to * 2 >= total ORDER BY ms LIMIT 1`;

const selectLongest = `SELECT MAX(ms) AS ms FROM durations WHERE pipeline = :pipeline AND what = 'cancel'`;

const addDuration = `
  INSERT INTO durations (pipeline, model, what, ms, times) VALUES (:pipeline, :model, :what, :ms, 1)
  ON CONFLICT (pipeline, model, what, ms) DO UPDATE SET times = times + 1`;

const updateDeadline = `
  UPDATE runs SET deadline_at = :at, cut_over_at = CASE WHEN deadline_at IS :at THEN cut_over_at END
  WHERE run_id = :runId AND deadline_met IS NULL AND deadline_at IS NOT :at`;

const updateCutOver = `UPDATE runs SET cut_over_at = :at WHERE run_id = :runId`;

const updateCancel = `
  UPDATE chunks SET cancelled_at = :now
  WHERE run_id = :runId AND chunk = :chunk AND state = :state AND epoch = :epoch RETURNING *`;

export class SqliteAuto implements AutoLedger {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  async outlook(runId: string): Promise<Outlook> {
    const row = this.#database.prepare(selectOutlook).get({ runId }) ?? {};
    const number = (name: string): number => Number(row[name] ?? 0);
    const waiting = number('waiting');
    return {
      isRead: row['isRead'] === 1,
      requests: number('requests'),
      again: number('again') + waiting,
      out: number('out') + waiting,
      asking: number('asking'),
      inBatches: number('inBatches'),
      tokensPerRequest: number('tokensPerRequest'),
    };
  }

  async durations(pipeline: string, model: string): Promise<Durations> {
    const median = this.#database.prepare(selectMedian).get({ pipeline, model })?.['ms'];
    const longest = this.#database.prepare(selectLongest).get({ pipeline })?.['ms'];
    return { requestMs: numberOrNull(median), cancelMs: numberOrNull(longest) };
  }

  async addDurations(measured: Measured, ms: readonly number[]): Promise<void> {
    inTransaction(this.#database, () => {
      const add = this.#database.prepare(addDuration);
      for (const each of ms) add.run({ ...measured, ms: Math.round(Number(each.toPrecision(2))) });
    });
  }

  async noteDeadline(runId: string, at: number | null): Promise<void> {
    write(this.#database, updateDeadline, { runId, at });
  }

  async noteCutOver(runId: string, at: number): Promise<void> {
    write(this.#database, updateCutOver, { runId, at });
  }

  async noteCancel(at: ChunkPlace, now: number): Promise<ChunkRecord> {
    const { runId, chunk, state, epoch } = at;
    const [row] = writeReturning(this.#database, updateCancel, { runId, chunk, state, epoch, now });
    if (row === undefined) throw chunkMoved(at);
    return toChunk(row);
  }
}
