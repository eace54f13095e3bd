/** The ledger's SQL, a statement each. Parameters are named as the records' properties are. */

export const insertRun = `
  INSERT INTO runs (run_id, pipeline, kind, status, fingerprint, fingerprint_parts, folder, target, path, source_schema, selection, started_at)
  VALUES (:runId, :pipeline, :kind, 'running', :fingerprint, :parts, :folder, :target, :path, :schema, :selection, :startedAt)`;

export const selectRun = `SELECT * FROM runs WHERE run_id = :runId`;

export const selectRuns = `
  SELECT * FROM runs WHERE :pipeline IS NULL OR pipeline = :pipeline ORDER BY started_at DESC, run_id DESC`;

export const updateStatus = `
  UPDATE runs SET status = :status, ended_at = CASE WHEN :status IN ('running', 'waiting') THEN NULL ELSE :at END,
    deadline_met = COALESCE(deadline_met, CASE WHEN :status IN ('completed', 'completed_with_failures') THEN :at <= deadline_at END)
  WHERE run_id = :runId`;

export const addWorkedMs = `UPDATE runs SET worked_ms = worked_ms + :ms WHERE run_id = :runId`;

export const requestCancel = `UPDATE runs SET cancel_requested = 1 WHERE run_id = :runId`;

export const advanceReading = `
  UPDATE runs SET records = records + :records, read = read + :read, filtered = filtered + :filtered,
    skipped = skipped + :skipped, read_cursor = COALESCE(:cursor, read_cursor), partly_read = :partlyRead,
    reading_finished = :finished
  WHERE run_id = :runId`;

export const resetReading = `
  UPDATE runs SET records = 0, read = 0, filtered = 0, skipped = 0, read_cursor = NULL, partly_read = NULL,
    reading_finished = 0
  WHERE run_id = :runId`;

export const insertChunk = `
  INSERT INTO chunks (run_id, chunk, origin, state, requests, bytes, tokens, sha256)
  VALUES (:runId, :chunk, :origin, 'sealed', :requests, :bytes, :tokens, :sha256)`;

export const selectChunks = `SELECT * FROM chunks WHERE run_id = :runId ORDER BY chunk`;

export const selectChunk = `SELECT * FROM chunks WHERE run_id = :runId AND chunk = :chunk`;

export const selectBatches = `SELECT batch_id AS batchId, run_id AS runId FROM chunks WHERE batch_id IS NOT NULL`;

export const selectUploadedChunk = `SELECT 1 FROM chunks WHERE run_id = :runId AND state <> 'sealed' LIMIT 1`;

export const deleteChunks = `DELETE FROM chunks WHERE run_id = :runId`;

/** @param assignments further ones, as `, column = :value` each */
export const updateChunk = (assignments: string): string => `
  UPDATE chunks SET state = :next${assignments}
  WHERE run_id = :runId AND chunk = :chunk AND state = :state AND epoch = :epoch RETURNING *`;

export const updateResults = `
  UPDATE chunks SET results = :results
  WHERE run_id = :runId AND chunk = :chunk AND state = :state AND epoch = :epoch`;

export const forgetRemote = `
  UPDATE chunks SET stored = NULL, results = '[]' WHERE run_id = :runId AND chunk = :chunk`;

export const updateChunkOutcome = `
  UPDATE chunks SET state = :next, row_states = :rowStates, ok = :ok, failed = failed + :failed,
    cleaned = cleaned + :cleaned, repaired = repaired + :repaired,
    truncated = truncated + :truncated, unread = :unread, input_tokens = input_tokens + :input,
    output_tokens = output_tokens + :output, cached_tokens = cached_tokens + :cached, cost_usd = cost_usd + :usd,
    unpriced = unpriced + :unpriced, list_usd = list_usd + :listUsd, cache_saved_usd = cache_saved_usd + :cacheSavedUsd
  WHERE run_id = :runId AND chunk = :chunk AND state = :state AND epoch = :epoch`;

export const updateReloadedChunk = `
  UPDATE chunks SET row_states = :rowStates, ok = :ok, cleaned = cleaned + :cleaned, reloads = reloads + 1
  WHERE run_id = :runId AND chunk = :chunk`;

export const insertFailedRow = `
  INSERT OR REPLACE INTO failed_rows
    (run_id, custom_id, pipeline, key, stage, code, message, attempts, chunk, batch_id, request_hash,
      request, same_as, blame)
  SELECT :runId, :customId, pipeline, :key, :stage, :code, :message, :attempts, :chunk, :batchId, :requestHash,
    :request, :sameAs, :blame
  FROM runs WHERE run_id = :runId`;

export const deleteFailedRows = `DELETE FROM failed_rows WHERE run_id = :runId`;

export const deleteFailedRow = `DELETE FROM failed_rows WHERE run_id = :runId AND custom_id = :customId`;

export const selectFailedRows = `SELECT * FROM failed_rows WHERE run_id = :runId ORDER BY rowid`;

export const selectRememberedFailure = `
  SELECT 1 FROM failed_rows
  WHERE pipeline = :pipeline AND custom_id = :customId AND request_hash = :hash AND blame = 'row' LIMIT 1`;

export const insertUnfinishedRow = `
  INSERT OR REPLACE INTO unfinished_rows
    (run_id, custom_id, chunk, line, waiting, attempts, submissions, code, message, since, answer_at, answer_bytes,
     is_reasking)
  VALUES (:runId, :customId, :chunk, :line, 1, :attempts, :submissions, :code, :message, :since, :answerAt,
    :answerBytes, :isReasking)`;

/** A row that failed for good is on its way again, its attempts forgotten. */
export const reopenRow = `
  INSERT OR REPLACE INTO unfinished_rows
    (run_id, custom_id, chunk, line, waiting, attempts, submissions, code, message, since)
  SELECT run_id, custom_id, :chunk, :line, 0, 0, 0, code, message, :at
  FROM failed_rows WHERE run_id = :runId AND custom_id = :customId`;

/** Its new line asks about the answer, if one was noted. */
export const moveUnfinishedRow = `
  UPDATE unfinished_rows SET chunk = :chunk, line = :line, waiting = 0,
    is_reasking = is_reasking OR answer_at IS NOT NULL, answer_at = NULL, answer_bytes = NULL
  WHERE run_id = :runId AND custom_id = :customId`;

/** What is known of how often they were sent before stays, for when their answers are loaded again. */
export const settleSentRows = `
  UPDATE unfinished_rows SET waiting = 0 WHERE run_id = :runId AND chunk = :chunk AND waiting = 1`;

export const selectUnfinishedRows = `
  SELECT * FROM unfinished_rows WHERE run_id = :runId AND waiting = 1 ORDER BY chunk, line LIMIT :limit`;

export const selectRetryQueue = `
  SELECT COUNT(*) AS count, MIN(since) AS oldest, MAX(code = :supersededCode) AS hasSuperseded
  FROM unfinished_rows WHERE run_id = :runId AND waiting = 1`;

export const selectSentRows = `
  SELECT * FROM unfinished_rows WHERE run_id = :runId AND chunk = :chunk`;

export const selectRowCounts = `
  SELECT records, read, filtered, skipped, followers,
    (SELECT COALESCE(SUM(requests), 0) FROM chunks c WHERE c.run_id = r.run_id AND origin = 'read') AS sent,
    (SELECT COUNT(*) FROM failed_rows f WHERE f.run_id = r.run_id AND chunk IS NULL) AS unsent,
    (SELECT COALESCE(SUM(ok + followed_ok), 0) FROM chunks c WHERE c.run_id = r.run_id) AS ok,
    (SELECT COUNT(*) FROM failed_rows f WHERE f.run_id = r.run_id) AS failed,
    (SELECT COALESCE(SUM(cleaned), 0) FROM chunks c WHERE c.run_id = r.run_id) AS cleaned,
    (SELECT COALESCE(SUM(repaired), 0) FROM chunks c WHERE c.run_id = r.run_id) AS repaired,
    (SELECT COALESCE(SUM(truncated), 0) FROM chunks c WHERE c.run_id = r.run_id) AS truncated
  FROM runs r WHERE run_id = :runId`;

/** A chunk that is, or may be, at the provider only: whoever works on its run says more. */
export const updateBatchStatus = `
  UPDATE chunks SET batch_status = :batchStatus
  WHERE run_id = :runId AND chunk = :chunk AND state IN ('creating', 'submitted')`;

/**
 * What batches of a model were estimated to hold and what was reported, each batch once. One of which many rows have
 * no answer says nothing: nobody knows which of its tokens were counted.
 */
export const addTokenUsage = `
  INSERT INTO token_usage (model, estimated, reported)
  SELECT model, CAST(tokens AS REAL) * :ok / requests, :reported FROM chunks
  WHERE run_id = :runId AND chunk = :chunk AND state = 'downloaded' AND model IS NOT NULL AND tokens > 0
    AND :reported > 0 AND :ok * 10 >= requests * 9
  ON CONFLICT (model) DO UPDATE SET estimated = estimated + excluded.estimated, reported = reported + excluded.reported`;

export const selectTokenUsage = `SELECT estimated, reported FROM token_usage WHERE model = :model`;

/** Tokens are those of the model; a chunk from before models were kept counts for each. */
export const selectEnqueued = `
  SELECT run_id AS runId, chunk, batch_id AS batchId, inputs,
    CASE WHEN COALESCE(model, :model) = :model THEN tokens ELSE 0 END AS tokens
  FROM chunks
  WHERE state IN ('creating', 'submitted') AND account = :account
    AND COALESCE(batch_status, '') NOT IN ('completed', 'failed', 'expired', 'cancelled')
    AND COALESCE(expires_at, intended_at + :longest, :now + 1) > :now
    AND run_id NOT IN (SELECT run_id FROM runs WHERE status = 'cancelled')`;

export const countCreates = `SELECT COUNT(*) AS creates FROM creates WHERE account = :account AND at > :since`;

export const insertCreate = `INSERT INTO creates (account, at) VALUES (:account, :now)`;

export const deleteOldCreates = `DELETE FROM creates WHERE at <= :since`;

export const intendCreate = `
  UPDATE chunks SET state = :next, account = :account, model = :model, inputs = :inputs, intended_at = :now,
    batch_id = NULL, batch_status = NULL, expires_at = NULL, cancelled_at = NULL
  WHERE run_id = :runId AND chunk = :chunk AND state = :state AND epoch = :epoch`;

export const selectIntent = `
  SELECT tokens, intended_at AS intendedAt FROM chunks WHERE run_id = :runId AND chunk = :chunk`;

export const selectTokenCap = `
  SELECT tokens, is_stated AS isStated, changed_at AS changedAt FROM token_caps
  WHERE account = :account AND model = :model AND configured = :configured AND changed_at > :since`;

export const upsertTokenCap = `
  INSERT OR REPLACE INTO token_caps (account, model, configured, tokens, is_stated, changed_at)
  VALUES (:account, :model, :configured, :tokens, :isStated, :changedAt)`;
