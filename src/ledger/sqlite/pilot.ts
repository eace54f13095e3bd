import type { DatabaseSync } from 'node:sqlite';
import type { PilotFailures, PilotLedger, PilotStanding } from '../pilot-ledger.ts';
import { toFailedRow } from './records.ts';
import { write } from './write.ts';

const selectStanding = `
  SELECT reading_finished AS isRead, pilot_passed_at IS NOT NULL AS isPassed, c.*, waiting.count AS waiting
  FROM runs, (
    SELECT
      COUNT(*) FILTER (WHERE is_pilot = 1) AS files,
      COALESCE(SUM(requests) FILTER (WHERE is_pilot = 1 AND origin = 'read'), 0) AS requests,
      COALESCE(SUM(ok) FILTER (WHERE is_pilot = 1), 0) AS ok,
      COUNT(*) FILTER (WHERE is_pilot = 1 AND state NOT IN ('loaded', 'refused', 'superseded')) AS open,
      COUNT(*) FILTER (WHERE is_pilot = 0 AND origin = 'read') AS others
    FROM chunks WHERE run_id = :runId
  ) c, (
    SELECT COUNT(*) AS count FROM unfinished_rows u JOIN chunks p ON p.run_id = u.run_id AND p.chunk = u.chunk
    WHERE u.run_id = :runId AND waiting = 1 AND is_pilot = 1
  ) waiting
  WHERE run_id = :runId`;

const selectFailures = `
  SELECT f.* FROM failed_rows f JOIN chunks p ON p.run_id = f.run_id AND p.chunk = f.chunk
  WHERE f.run_id = :runId AND is_pilot = 1 AND same_as IS NULL ORDER BY f.chunk, f.rowid`;

const selectLastChunk = `SELECT MAX(chunk) AS last FROM chunks WHERE run_id = :runId`;

const updatePassed = `UPDATE runs SET pilot_passed_at = :at WHERE run_id = :runId AND pilot_passed_at IS NULL`;

/** Before the verdict nothing but the pilot is sent, so that rows that are sent again are rows of it. */
const markRetry = `
  UPDATE chunks SET is_pilot = 1 WHERE run_id = :runId AND chunk = :chunk
    AND EXISTS (SELECT 1 FROM runs r WHERE r.run_id = :runId AND pilot_passed_at IS NULL)
    AND EXISTS (SELECT 1 FROM chunks p WHERE p.run_id = :runId AND p.is_pilot = 1)`;

const examplesKept = 3;

/** To be called in the transaction that adds a file of rows that are sent again. */
export function markPilotRetry(database: DatabaseSync, runId: string, chunk: number): void {
  write(database, markRetry, { runId, chunk });
}

export class SqlitePilot implements PilotLedger {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  async standing(runId: string): Promise<PilotStanding> {
    const row = this.#database.prepare(selectStanding).get({ runId }) ?? {};
    const count = (name: string): number => Number(row[name] ?? 0);
    return {
      files: count('files'),
      requests: count('requests'),
      ok: count('ok'),
      open: count('open'),
      waiting: count('waiting'),
      others: count('others'),
      isRead: count('isRead') === 1,
      isPassed: count('isPassed') === 1,
    };
  }

  async failures(runId: string): Promise<readonly PilotFailures[]> {
    const rows = this.#database.prepare(selectFailures).all({ runId }).map(toFailedRow);
    const byCode = Map.groupBy(rows, ({ stage, code }) => `${stage} ${code}`);
    return [...byCode.values()]
      .flatMap((ofCode) => {
        const [first] = ofCode;
        if (first === undefined) return [];
        const examples = ofCode
          .slice(0, examplesKept)
          .map(({ key, message }) => `${key.join(', ')}: ${message}`);
        return [{ stage: first.stage, code: first.code, rows: ofCode.length, examples }];
      })
      .toSorted((a, b) => b.rows - a.rows);
  }

  async lastChunk(runId: string): Promise<number> {
    return Number(this.#database.prepare(selectLastChunk).get({ runId })?.['last'] ?? 0);
  }

  async pass(runId: string, at: number): Promise<void> {
    write(this.#database, updatePassed, { runId, at });
  }
}
