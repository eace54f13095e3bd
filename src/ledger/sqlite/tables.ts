/** The ledger's tables as they now are. What a migration from an earlier version needs too has a name of its own. */

export const runs = `
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
    skipped           INTEGER NOT NULL DEFAULT 0,
    cancel_requested  INTEGER NOT NULL DEFAULT 0,
    selection         TEXT,
    followers         INTEGER NOT NULL DEFAULT 0,
    follower_bytes    INTEGER NOT NULL DEFAULT 0,
    partly_read       TEXT,
    deadline_at       INTEGER,
    deadline_met      INTEGER,
    cut_over_at       INTEGER
  ) STRICT;
  CREATE INDEX runs_by_pipeline ON runs (pipeline, started_at);

  CREATE TABLE watermarks (
    pipeline   TEXT NOT NULL,
    scope      TEXT NOT NULL,
    low        TEXT NOT NULL,
    run_id     TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    PRIMARY KEY (pipeline, scope)
  ) STRICT;
`;

/** `epoch` is for handing a chunk from process to process; `results` and `unread` are JSON. */
export const chunks = `
  CREATE TABLE chunks (
    run_id        TEXT NOT NULL,
    chunk         INTEGER NOT NULL,
    origin        TEXT NOT NULL,
    state         TEXT NOT NULL,
    epoch         INTEGER NOT NULL DEFAULT 0,
    requests      INTEGER NOT NULL,
    bytes         INTEGER NOT NULL,
    tokens        INTEGER NOT NULL,
    sha256        TEXT NOT NULL,
    attempt       INTEGER NOT NULL DEFAULT 1,
    unexplained   INTEGER NOT NULL DEFAULT 0,
    stored        TEXT,
    batch_id      TEXT,
    batch_status  TEXT,
    results       TEXT NOT NULL DEFAULT '[]',
    expires_at    INTEGER,
    account       TEXT,
    reported      INTEGER,
    unread        TEXT,
    lane          TEXT NOT NULL DEFAULT 'batch',
    in_doubt      INTEGER NOT NULL DEFAULT 0,
    cancelled_at  INTEGER,
    model         TEXT,
    inputs        INTEGER NOT NULL DEFAULT 0,
    intended_at   INTEGER,
    row_states    BLOB,
    ok            INTEGER NOT NULL DEFAULT 0,
    failed        INTEGER NOT NULL DEFAULT 0,
    cleaned       INTEGER NOT NULL DEFAULT 0,
    repaired      INTEGER NOT NULL DEFAULT 0,
    truncated     INTEGER NOT NULL DEFAULT 0,
    input_tokens  INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    cached_tokens INTEGER NOT NULL DEFAULT 0,
    cost_usd      REAL    NOT NULL DEFAULT 0,
    unpriced      INTEGER NOT NULL DEFAULT 0,
    list_usd      REAL    NOT NULL DEFAULT 0,
    cache_saved_usd REAL  NOT NULL DEFAULT 0,
    reloads       INTEGER NOT NULL DEFAULT 0,
    has_followed  INTEGER NOT NULL DEFAULT 0,
    followed_ok   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (run_id, chunk)
  ) STRICT;
  CREATE INDEX chunks_at_provider ON chunks (account) WHERE state IN ('creating', 'submitted');
`;

export const rows = `
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
    same_as      TEXT,
    blame        TEXT NOT NULL DEFAULT 'row',
    PRIMARY KEY (run_id, custom_id)
  ) STRICT;
  CREATE INDEX failed_rows_by_request ON failed_rows (pipeline, custom_id, request_hash);
  CREATE INDEX failed_rows_by_chunk ON failed_rows (run_id, chunk);
  CREATE INDEX failed_rows_by_leader ON failed_rows (run_id, same_as) WHERE same_as IS NOT NULL;

  CREATE TABLE unfinished_rows (
    run_id       TEXT NOT NULL,
    custom_id    TEXT NOT NULL,
    chunk        INTEGER NOT NULL,
    line         INTEGER NOT NULL,
    waiting      INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    submissions  INTEGER NOT NULL,
    code         TEXT NOT NULL,
    message      TEXT NOT NULL,
    since        INTEGER NOT NULL,
    answer_at    INTEGER,
    answer_bytes INTEGER,
    is_reasking  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (run_id, custom_id)
  ) STRICT;
  CREATE INDEX unfinished_rows_by_chunk ON unfinished_rows (run_id, chunk, line);
`;

/** Holds all that the sum of a run's waiting rows needs, which is asked for often. */
export const waitingRows = `
  CREATE INDEX unfinished_rows_waiting ON unfinished_rows (run_id, since, code) WHERE waiting = 1;
`;

export const room = `
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
`;

/** How often something took so many milliseconds, each rounded to two digits. */
export const durations = `
  CREATE TABLE durations (
    pipeline TEXT NOT NULL,
    model    TEXT NOT NULL,
    what     TEXT NOT NULL,
    ms       INTEGER NOT NULL,
    times    INTEGER NOT NULL,
    PRIMARY KEY (pipeline, model, what, ms)
  ) STRICT;
`;

/** When batches were created and ended, and what was expected of runs. */
export const forecasts = `
  CREATE TABLE batch_times (
    batch_id   TEXT PRIMARY KEY,
    run_id     TEXT NOT NULL,
    chunk      INTEGER NOT NULL,
    requests   INTEGER NOT NULL,
    provider   TEXT NOT NULL,
    model      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at   INTEGER,
    ran_out    INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX batch_times_by_model ON batch_times (provider, model, ended_at) WHERE ran_out = 1;
  CREATE INDEX batch_times_by_run ON batch_times (run_id);

  CREATE TABLE run_forecasts (
    run_id    TEXT PRIMARY KEY,
    late_from INTEGER,
    late_of   TEXT,
    late_due  INTEGER,
    late_at   INTEGER
  ) STRICT;
`;

/** How many answers had so many output tokens. */
export const answerSizes = `
  CREATE TABLE answer_sizes (
    pipeline TEXT NOT NULL,
    origin   TEXT NOT NULL,
    tokens   INTEGER NOT NULL,
    answers  INTEGER NOT NULL,
    PRIMARY KEY (pipeline, origin, tokens)
  ) STRICT;
`;

/** `body` is JSON, and empty once nobody needs it any more. */
export const notices = `
  CREATE TABLE notices (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL,
    cause  TEXT NOT NULL,
    body   TEXT NOT NULL,
    is_due INTEGER NOT NULL DEFAULT 1
  ) STRICT;
  CREATE INDEX notices_by_run ON notices (run_id, id);
`;

/** Runs whose cost somebody has agreed to. */
export const confirmations = `
  CREATE TABLE confirmations (
    run_id TEXT PRIMARY KEY,
    at     INTEGER NOT NULL
  ) STRICT;
`;

export const events = `
  CREATE TABLE events (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL,
    at     INTEGER NOT NULL,
    event  TEXT NOT NULL
  ) STRICT;
  CREATE INDEX events_by_run ON events (run_id, seq);
`;
