import type { DatabaseSync } from 'node:sqlite';
import { inTransaction } from './write.ts';

/** Numbered migrations; `user_version` says how many have run. A migration that has shipped is never edited. */
const migrations: readonly string[] = [
  `
  CREATE TABLE runs (
    run_id            TEXT PRIMARY KEY,
    pipeline          TEXT NOT NULL,
    kind              TEXT NOT NULL,
    status            TEXT NOT NULL,
    fingerprint       TEXT NOT NULL,
    fingerprint_parts TEXT NOT NULL,
    folder            TEXT NOT NULL,
    target            TEXT NOT NULL,
    path              TEXT NOT NULL,
    source_schema     TEXT NOT NULL,
    started_at        INTEGER NOT NULL,
    ended_at          INTEGER,
    worked_ms         INTEGER NOT NULL DEFAULT 0,
    reading_finished  INTEGER NOT NULL DEFAULT 0,
    read_cursor       TEXT,
    records           INTEGER NOT NULL DEFAULT 0,
    read              INTEGER NOT NULL DEFAULT 0,
    filtered          INTEGER NOT NULL DEFAULT 0,
    skipped           INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX runs_by_pipeline ON runs (pipeline, started_at);

  CREATE TABLE chunks (
    run_id         TEXT NOT NULL,
    chunk          INTEGER NOT NULL,
    origin         TEXT NOT NULL,
    state          TEXT NOT NULL,
    requests       INTEGER NOT NULL,
    bytes          INTEGER NOT NULL,
    tokens         INTEGER NOT NULL,
    sha256         TEXT NOT NULL,
    attempt        INTEGER NOT NULL DEFAULT 1,
    file_id        TEXT,
    batch_id       TEXT,
    batch_status   TEXT,
    output_file_id TEXT,
    error_file_id  TEXT,
    expires_at     INTEGER,
    account        TEXT,
    row_states     BLOB,
    ok             INTEGER NOT NULL DEFAULT 0,
    failed         INTEGER NOT NULL DEFAULT 0,
    cleaned        INTEGER NOT NULL DEFAULT 0,
    input_tokens   INTEGER NOT NULL DEFAULT 0,
    output_tokens  INTEGER NOT NULL DEFAULT 0,
    cached_tokens  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (run_id, chunk)
  ) STRICT;

  CREATE TABLE failed_rows (
    run_id       TEXT NOT NULL,
    custom_id    TEXT NOT NULL,
    pipeline     TEXT NOT NULL,
    key          TEXT NOT NULL,
    stage        TEXT NOT NULL,
    code         TEXT NOT NULL,
    message      TEXT NOT NULL,
    attempts     INTEGER NOT NULL,
    chunk        INTEGER,
    batch_id     TEXT,
    request_hash TEXT,
    request      TEXT,
    PRIMARY KEY (run_id, custom_id)
  ) STRICT;
  CREATE INDEX failed_rows_by_request ON failed_rows (pipeline, custom_id, request_hash);

  CREATE TABLE unfinished_rows (
    run_id      TEXT NOT NULL,
    custom_id   TEXT NOT NULL,
    chunk       INTEGER NOT NULL,
    line        INTEGER NOT NULL,
    waiting     INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    submissions INTEGER NOT NULL,
    code        TEXT NOT NULL,
    message     TEXT NOT NULL,
    since       INTEGER NOT NULL,
    PRIMARY KEY (run_id, custom_id)
  ) STRICT;
  CREATE INDEX unfinished_rows_by_chunk ON unfinished_rows (run_id, chunk, line);
  `,
  `
  ALTER TABLE chunks ADD COLUMN model TEXT;
  ALTER TABLE chunks ADD COLUMN inputs INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE chunks ADD COLUMN intended_at INTEGER;
  CREATE INDEX chunks_at_provider ON chunks (account) WHERE state IN ('creating', 'submitted');

  CREATE TABLE creates (
    account TEXT NOT NULL,
    at      INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX creates_by_account ON creates (account, at);

  CREATE TABLE token_caps (
    account    TEXT NOT NULL,
    model      TEXT NOT NULL,
    configured INTEGER NOT NULL,
    tokens     INTEGER NOT NULL,
    is_stated  INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (account, model, configured)
  ) STRICT;

  CREATE TABLE token_usage (
    model     TEXT PRIMARY KEY,
    estimated REAL NOT NULL,
    reported  REAL NOT NULL
  ) STRICT;
  `,
  `
  ALTER TABLE runs ADD COLUMN cancel_requested INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE chunks ADD COLUMN reloads INTEGER NOT NULL DEFAULT 0;
  `,
  `
  ALTER TABLE chunks ADD COLUMN unexplained INTEGER NOT NULL DEFAULT 0;
  `,
  `
  ALTER TABLE runs ADD COLUMN selection TEXT;

  CREATE TABLE watermarks (
    pipeline   TEXT NOT NULL,
    scope      TEXT NOT NULL,
    low        TEXT NOT NULL,
    run_id     TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    PRIMARY KEY (pipeline, scope)
  ) STRICT;
  `,
  `
  ALTER TABLE unfinished_rows ADD COLUMN answer_at INTEGER;
  ALTER TABLE unfinished_rows ADD COLUMN answer_bytes INTEGER;
  ALTER TABLE unfinished_rows ADD COLUMN is_reasking INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE chunks ADD COLUMN repaired INTEGER NOT NULL DEFAULT 0;
  `,
  `
  ALTER TABLE runs ADD COLUMN followers INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE runs ADD COLUMN follower_bytes INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE chunks ADD COLUMN has_followed INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE chunks ADD COLUMN followed_ok INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE failed_rows ADD COLUMN same_as TEXT;
  CREATE INDEX failed_rows_by_chunk ON failed_rows (run_id, chunk);
  CREATE INDEX failed_rows_by_leader ON failed_rows (run_id, same_as) WHERE same_as IS NOT NULL;
  `,
  `
  ALTER TABLE runs ADD COLUMN partly_read TEXT;
  `,
];

/** Brings a ledger file to the newest schema, in one transaction. Writes nothing where it has that already. */
export function migrate(database: DatabaseSync): void {
  if (versionOf(database) >= migrations.length) return;
  inTransaction(database, () => {
    for (const migration of migrations.slice(versionOf(database))) database.exec(migration);
    database.exec(`PRAGMA user_version = ${migrations.length}`);
  });
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
}
