/** The ledger's SQL, a statement each. Parameters are named as the records' properties are. */

export const insertRun = `
  INSERT INTO runs (run_id, pipeline, kind, status, fingerprint, fingerprint_parts, folder, target, path, source_schema, started_at)
  VALUES (:runId, :pipeline, :kind, 'running', :fingerprint, :parts, :folder, :target, :path, :schema, :startedAt)`;

export const selectRun = `SELECT * FROM runs WHERE run_id = :runId`;

export const selectRuns = `
  SELECT * FROM runs WHERE :pipeline IS NULL OR pipeline = :pipeline ORDER BY started_at DESC, run_id DESC`;

export const updateStatus = `
  UPDATE runs SET status = :status, ended_at = CASE WHEN :status IN ('running', 'waiting') THEN NULL ELSE :at END
  WHERE run_id = :runId`;

export const addWorkedMs = `UPDATE runs SET worked_ms = worked_ms + :ms WHERE run_id = :runId`;

export const advanceReading = `
  UPDATE runs SET records = records + :records, read = read + :read, filtered = filtered + :filtered,
    skipped = skipped + :skipped, read_cursor = COALESCE(:cursor, read_cursor), reading_finished = :finished
  WHERE run_id = :runId`;

export const resetReading = `
  UPDATE runs SET records = 0, read = 0, filtered = 0, skipped = 0, read_cursor = NULL, reading_finished = 0
  WHERE run_id = :runId`;

export const insertChunk = `
  INSERT INTO chunks (run_id, chunk, origin, state, requests, bytes, tokens, sha256)
  VALUES (:runId, :chunk, :origin, 'sealed', :requests, :bytes, :tokens, :sha256)`;

export const selectChunks = `SELECT * FROM chunks WHERE run_id = :runId ORDER BY chunk`;

export const selectChunk = `SELECT * FROM chunks WHERE run_id = :runId AND chunk = :chunk`;

export const selectUploadedChunk = `SELECT 1 FROM chunks WHERE run_id = :runId AND state <> 'sealed' LIMIT 1`;

export const deleteChunks = `DELETE FROM chunks WHERE run_id = :runId`;

export const updateChunkOutcome = `
  UPDATE chunks SET state = :state, row_states = :rowStates, ok = :ok, failed = failed + :failed,
    cleaned = cleaned + :cleaned, input_tokens = input_tokens + :input, output_tokens = output_tokens + :output,
    cached_tokens = cached_tokens + :cached
  WHERE run_id = :runId AND chunk = :chunk`;

export const insertFailedRow = `
  INSERT OR REPLACE INTO failed_rows
    (run_id, custom_id, pipeline, key, stage, code, message, attempts, chunk, batch_id, request_hash, request)
  SELECT :runId, :customId, pipeline, :key, :stage, :code, :message, :attempts, :chunk, :batchId, :requestHash, :request
  FROM runs WHERE run_id = :runId`;

export const deleteFailedRows = `DELETE FROM failed_rows WHERE run_id = :runId`;

export const deleteFailedRow = `DELETE FROM failed_rows WHERE run_id = :runId AND custom_id = :customId`;

export const selectFailedRows = `SELECT * FROM failed_rows WHERE run_id = :runId ORDER BY rowid`;

export const selectRememberedFailure = `
  SELECT 1 FROM failed_rows
  WHERE pipeline = :pipeline AND custom_id = :customId AND request_hash = :hash LIMIT 1`;

export const insertUnfinishedRow = `
  INSERT INTO unfinished_rows
    (run_id, custom_id, chunk, line, waiting, attempts, submissions, code, message, since)
  VALUES (:runId, :customId, :chunk, :line, 1, :attempts, :submissions, :code, :message, :since)`;

export const moveUnfinishedRow = `
  UPDATE unfinished_rows SET chunk = :chunk, line = :line, waiting = 0
  WHERE run_id = :runId AND custom_id = :customId`;

export const deleteSentRows = `DELETE FROM unfinished_rows WHERE run_id = :runId AND chunk = :chunk`;

export const selectUnfinishedRows = `
  SELECT * FROM unfinished_rows WHERE run_id = :runId AND waiting = 1 ORDER BY chunk, line LIMIT :limit`;

export const selectSentRows = `
  SELECT * FROM unfinished_rows WHERE run_id = :runId AND chunk = :chunk`;

export const selectRowCounts = `
  SELECT records, read, filtered, skipped,
    (SELECT COALESCE(SUM(requests), 0) FROM chunks c WHERE c.run_id = r.run_id AND origin = 'read') AS sent,
    (SELECT COUNT(*) FROM failed_rows f WHERE f.run_id = r.run_id AND chunk IS NULL) AS unsent,
    (SELECT COALESCE(SUM(ok), 0) FROM chunks c WHERE c.run_id = r.run_id) AS ok,
    (SELECT COUNT(*) FROM failed_rows f WHERE f.run_id = r.run_id) AS failed,
    (SELECT COALESCE(SUM(cleaned), 0) FROM chunks c WHERE c.run_id = r.run_id) AS cleaned
  FROM runs r WHERE run_id = :runId`;
