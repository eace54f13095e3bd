import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type {
  AwaitedBatches,
  EndedBatch,
  ForecastLedger,
  Glance,
  Lateness,
  PastBatch,
  TimedBatch,
} from '../forecast-ledger.ts';
import { numberOrNull } from './number-or-null.ts';
import { write, writeReturning } from './write.ts';

/** What is older says less of today than what it costs to look at. */
const mostPast = 200;

const insertBatch = `
  INSERT INTO batch_times (batch_id, run_id, chunk, requests, provider, model, created_at, ended_at, ran_out)
  VALUES (:batchId, :runId, :chunk, :requests, :provider, :model, :createdAt, :endedAt, :ranOut)
  ON CONFLICT (batch_id) DO UPDATE SET
    created_at = CASE WHEN excluded.ended_at IS NULL THEN created_at ELSE excluded.created_at END,
    ended_at = COALESCE(excluded.ended_at, ended_at), ran_out = MAX(excluded.ran_out, ran_out)`;

const selectPast = `
  SELECT requests, MAX(0, ended_at - created_at) AS ms FROM batch_times
  WHERE provider = :provider AND model = :model AND ran_out = 1 ORDER BY ended_at DESC LIMIT ${mostPast}`;

const selectWho = `
  SELECT provider, batch_times.model, account, reading_finished AS isRead
  FROM batch_times JOIN runs USING (run_id) LEFT JOIN chunks USING (run_id, chunk)
  WHERE run_id = :runId ORDER BY batch_times.rowid DESC LIMIT 1`;

const selectAwaited = `
  SELECT c.requests, tokens, CASE WHEN state = 'submitted' THEN COALESCE(created_at, intended_at) END AS createdAt
  FROM chunks c LEFT JOIN batch_times b ON b.batch_id = c.batch_id
  WHERE c.run_id = :runId AND lane = 'batch'
    AND state IN ('sealed', 'uploading', 'uploaded', 'creating', 'submitted')
  ORDER BY c.chunk`;

const selectCap = `SELECT MIN(tokens) AS tokens FROM token_caps WHERE account = :account AND model = :model`;

const [waiting, running] = [`('sealed', 'uploading', 'uploaded', 'creating')`, `('submitted', 'asking')`];

const selectGlance = `
  SELECT
    SUM(requests) FILTER (WHERE origin = 'read') AS requests,
    SUM(requests) FILTER (WHERE state NOT IN ('sealed', 'uploading') AND origin = 'read') AS uploaded,
    SUM(requests) FILTER (WHERE state IN ('downloaded', 'held', 'loaded') AND origin = 'read') AS downloaded,
    SUM(ok) AS ok, SUM(failed) AS failed,
    COUNT(*) FILTER (WHERE state IN ${waiting}) AS waiting,
    COUNT(*) FILTER (WHERE state IN ${running}) AS running,
    COUNT(*) FILTER (WHERE state IN ('ended', 'downloaded', 'held', 'loaded')) AS ended
  FROM chunks WHERE run_id = :runId AND state NOT IN ('refused', 'superseded')`;

const selectOldest = `
  SELECT COALESCE(batch_id, 'file ' || chunk) AS name, intended_at AS since, requests FROM chunks
  WHERE run_id = :runId AND state IN ${running} ORDER BY intended_at, chunk LIMIT :most`;

const insertLateFrom = `
  INSERT INTO run_forecasts (run_id, late_from) VALUES (:runId, :at)
  ON CONFLICT (run_id) DO UPDATE SET late_from = COALESCE(late_from, excluded.late_from)`;

const insertLate = `
  INSERT INTO run_forecasts (run_id, late_of, late_due, late_at) VALUES (:runId, :of, :due, :at)
  ON CONFLICT (run_id) DO UPDATE SET late_of = excluded.late_of, late_due = excluded.late_due, late_at = excluded.late_at
  WHERE late_at IS NULL RETURNING run_id`;

const selectForecast = `SELECT * FROM run_forecasts WHERE run_id = :runId`;

export class SqliteForecast implements ForecastLedger {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  async noteBegun(batch: TimedBatch): Promise<void> {
    write(this.#database, insertBatch, { ...batchValues(batch), endedAt: null, ranOut: 0 });
  }

  async noteEnded(batch: EndedBatch): Promise<void> {
    const { endedAt, ranOut } = batch;
    write(this.#database, insertBatch, { ...batchValues(batch), endedAt, ranOut: ranOut ? 1 : 0 });
  }

  async past(provider: string, model: string): Promise<readonly PastBatch[]> {
    const rows = this.#database.prepare(selectPast).all({ provider, model });
    return rows.map((row) => ({ requests: Number(row['requests']), ms: Number(row['ms']) }));
  }

  async awaited(runId: string): Promise<AwaitedBatches | null> {
    const who = this.#database.prepare(selectWho).get({ runId });
    if (who === undefined) return null;
    const model = String(who['model']);
    const cap = this.#database.prepare(selectCap).get({ account: who['account'] ?? '', model });
    const batches = this.#database.prepare(selectAwaited).all({ runId });
    return {
      provider: String(who['provider']),
      model,
      isRead: who['isRead'] === 1,
      maxTokens: numberOrNull(cap?.['tokens']),
      batches: batches.map((row) => ({
        requests: Number(row['requests']),
        tokens: Number(row['tokens']),
        createdAt: numberOrNull(row['createdAt']),
      })),
    };
  }

  async glance(runId: string, most: number): Promise<Glance> {
    const row = this.#database.prepare(selectGlance).get({ runId }) ?? {};
    const number = (name: string): number => Number(row[name] ?? 0);
    const oldest = this.#database.prepare(selectOldest).all({ runId, most });
    return {
      requests: number('requests'),
      uploaded: number('uploaded'),
      downloaded: number('downloaded'),
      ok: number('ok'),
      failed: number('failed'),
      files: { waiting: number('waiting'), running: number('running'), ended: number('ended') },
      oldest: oldest.map((one) => ({
        name: String(one['name']),
        since: numberOrNull(one['since']),
        requests: Number(one['requests']),
      })),
    };
  }

  async noteLateFrom(runId: string, at: number): Promise<void> {
    write(this.#database, insertLateFrom, { runId, at: Math.round(at) });
  }

  async lateFrom(runId: string): Promise<number | null> {
    return numberOrNull(this.#database.prepare(selectForecast).get({ runId })?.['late_from']);
  }

  async noteLate(runId: string, { of, due, at }: Lateness): Promise<boolean> {
    return writeReturning(this.#database, insertLate, { runId, of, due, at }).length > 0;
  }

  async lateness(runId: string): Promise<Lateness | null> {
    const row = this.#database.prepare(selectForecast).get({ runId });
    const at = numberOrNull(row?.['late_at']);
    if (row === undefined || at === null) return null;
    return { of: row['late_of'] === 'deadline' ? 'deadline' : 'forecast', due: Number(row['late_due']), at };
  }
}

function batchValues(batch: TimedBatch): Record<string, SQLInputValue> {
  const { batchId, runId, chunk, requests, provider, model, createdAt } = batch;
  return { batchId, runId, chunk, requests, provider, model, createdAt };
}
