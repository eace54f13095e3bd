import type { DatabaseSync } from 'node:sqlite';
import { BatchlineError } from '../../core/errors.ts';
import {
  answerSizes,
  chunks,
  confirmations,
  durations,
  events,
  forecasts,
  notices,
  room,
  rows,
  runs,
  waitingRows,
} from './tables.ts';
import { inTransaction } from './write.ts';

/** `user_version` of a ledger whose tables are the newest. */
const newest = 12;

/** What was noted against a row before it was known whose fault a failure is. */
const blameOldFailures = `
  UPDATE failed_rows SET blame = 'provider' WHERE stage = 'request' AND (
    code IN ('never_ran', 'missing', 'insufficient_quota', 'rate_limit_exceeded', 'server_error', 'batch_expired')
    OR code GLOB 'http_40[123]' OR code = 'http_429' OR code GLOB 'http_5*');
`;

/** What the choice between batches and synchronous requests is to remember. */
const addAuto = `
  ALTER TABLE runs ADD COLUMN deadline_at INTEGER;
  ALTER TABLE runs ADD COLUMN deadline_met INTEGER;
  ALTER TABLE runs ADD COLUMN cut_over_at INTEGER;
  ${durations}
`;

/** What chunks are to remember of money. The chunks of version 8 are moved to a table that has these columns. */
const addCosts = `
  ALTER TABLE chunks ADD COLUMN cost_usd REAL NOT NULL DEFAULT 0;
  ALTER TABLE chunks ADD COLUMN unpriced INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE chunks ADD COLUMN list_usd REAL NOT NULL DEFAULT 0;
  ALTER TABLE chunks ADD COLUMN cache_saved_usd REAL NOT NULL DEFAULT 0;
`;

/** What money, forecasts, pilots and notices are to remember: one statement list each, for whoever adds a column. */
/** What answers cost that were loaded before costs were kept is not known. */
const addMoney = `
  UPDATE chunks SET unpriced = requests WHERE row_states IS NOT NULL AND state NOT IN ('refused', 'superseded');
`;
const addForecast = `${answerSizes} ${confirmations} ${forecasts}`;
const addPilot = '';
const addNotices = notices;
const sinceEleven = [addMoney, addForecast, addPilot, addNotices].join('');

const addCancels = `ALTER TABLE chunks ADD COLUMN cancelled_at INTEGER;`;

/** By the version that a ledger has: what brings it to the newest. */
const migrations: ReadonlyMap<number, string> = new Map([
  [
    8,
    `
    ALTER TABLE chunks RENAME TO old_chunks;
    DROP INDEX chunks_at_provider;
    ${chunks}
    WITH old (
      run_id, chunk, origin, state, requests, bytes, tokens, sha256, attempt, stored, batch_id, batch_status, answers,
      errors, expires_at, account, row_states, ok, failed, cleaned, input_tokens, output_tokens, cached_tokens, model,
      inputs, intended_at, reloads, unexplained, repaired, has_followed, followed_ok
    ) AS (SELECT * FROM old_chunks)
    INSERT INTO chunks (
      run_id, chunk, origin, state, requests, bytes, tokens, sha256, attempt, stored, batch_id, batch_status, results,
      expires_at, account, row_states, ok, failed, cleaned, input_tokens, output_tokens, cached_tokens, model,
      inputs, intended_at, reloads, unexplained, repaired, has_followed, followed_ok
    )
    SELECT
      run_id, chunk, origin, state, requests, bytes, tokens, sha256, attempt, stored, batch_id, batch_status,
      CASE
        WHEN answers IS NULL AND errors IS NULL THEN json_array()
        WHEN errors IS NULL THEN json_array(json_object('id', answers, 'holds', 'answers'))
        WHEN answers IS NULL THEN json_array(json_object('id', errors, 'holds', 'errors'))
        ELSE json_array(
          json_object('id', answers, 'holds', 'answers'), json_object('id', errors, 'holds', 'errors')
        )
      END,
      expires_at, account, row_states, ok, failed, cleaned, input_tokens, output_tokens, cached_tokens, model,
      inputs, intended_at, reloads, unexplained, repaired, has_followed, followed_ok
    FROM old;
    DROP TABLE old_chunks;
    ${waitingRows}
    ${events}
    ALTER TABLE failed_rows ADD COLUMN blame TEXT NOT NULL DEFAULT 'row';
    ${blameOldFailures}
    ${addAuto}
    ${sinceEleven}
    `,
  ],
  [
    9,
    `
    ALTER TABLE chunks ADD COLUMN reported INTEGER;
    ALTER TABLE chunks ADD COLUMN unread TEXT;
    ALTER TABLE chunks ADD COLUMN lane TEXT NOT NULL DEFAULT 'batch';
    ALTER TABLE chunks ADD COLUMN in_doubt INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE chunks ADD COLUMN truncated INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE failed_rows ADD COLUMN blame TEXT NOT NULL DEFAULT 'row';
    ${blameOldFailures}
    ${addCancels}
    ${addAuto}
    ${addCosts}
    ${sinceEleven}
    `,
  ],
  [10, `${addCancels} ${addAuto} ${addCosts} ${sinceEleven}`],
  [11, `${addCosts} ${sinceEleven}`],
]);

/**
 * Brings a ledger file to the newest tables, in one transaction. Writes nothing where it has them already.
 *
 * @throws BatchlineError `ledger_too_old`
 */
export function migrate(database: DatabaseSync): void {
  if (versionOf(database) >= newest) return;
  inTransaction(database, () => {
    // Another process may have been faster.
    const version = versionOf(database);
    if (version >= newest) return;
    if (version === 0)
      database.exec(
        [
          runs,
          chunks,
          rows,
          waitingRows,
          room,
          durations,
          answerSizes,
          confirmations,
          forecasts,
          notices,
          events,
        ].join(''),
      );
    else database.exec(migrations.get(version) ?? tooOld(database));
    database.exec(`PRAGMA user_version = ${newest}`);
  });
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
}

function tooOld(database: DatabaseSync): never {
  throw new BatchlineError(
    'ledger_too_old',
    'The ledger was written by a version before the first release.',
    {
      where: database.location() ?? '',
      hint: 'Finish its runs with the version that began them, or name another folder with `state:`.',
      exitCode: 2,
    },
  );
}
