/** A run as a row of `runs_table`, by the names of `runColumns`. */
export type RunRow = Readonly<Record<RunColumn, string | number | boolean | null>>;

/** Columns of `runs_table` with their types, in words that both Postgres and DuckDB have. */
export const runColumns = {
  run_id: 'text',
  pipeline: 'text',
  kind: 'text',
  status: 'text',
  started_at: 'timestamptz',
  ended_at: 'timestamptz',
  seconds: 'float8',
  provider: 'text',
  model: 'text',
  target: 'text',
  rows_records: 'bigint',
  rows_read: 'bigint',
  rows_filtered: 'bigint',
  rows_skipped: 'bigint',
  rows_requested: 'bigint',
  rows_ok: 'bigint',
  rows_failed: 'bigint',
  rows_pending: 'bigint',
  rows_cleaned: 'bigint',
  rows_truncated: 'bigint',
  batches: 'bigint',
  requests_batch: 'bigint',
  requests_standard: 'bigint',
  requests_in_doubt: 'bigint',
  tokens_input: 'bigint',
  tokens_output: 'bigint',
  tokens_cached: 'bigint',
  cost_usd: 'float8',
  list_usd: 'float8',
  deadline_at: 'timestamptz',
  deadline_met: 'boolean',
  error_code: 'text',
  error_message: 'text',
} as const;

export type RunColumn = keyof typeof runColumns;

export const runColumnNames = Object.keys(runColumns) as readonly RunColumn[];
