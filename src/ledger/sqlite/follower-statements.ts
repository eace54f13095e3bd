/** The ledger's SQL about followers, a statement each. */

export const advanceFollowers = `
  UPDATE runs SET followers = followers + :rows, follower_bytes = :bytes WHERE run_id = :runId`;

export const resetFollowers = `UPDATE runs SET followers = 0, follower_bytes = 0 WHERE run_id = :runId`;

export const updateFollowed = `
  UPDATE chunks SET followed_ok = followed_ok + :ok, cleaned = cleaned + :cleaned
  WHERE run_id = :runId AND chunk = :chunk`;

export const markFollowed = `UPDATE chunks SET has_followed = 1 WHERE run_id = :runId AND chunk = :chunk`;

export const selectOwnFailures = `
  SELECT * FROM failed_rows
  WHERE run_id = :runId AND chunk = :chunk AND (same_as IS NULL OR stage = 'load') ORDER BY rowid`;

/** Followers that shared the fate of a row which is now sent again. */
export const deleteFailedFollowers = `DELETE FROM failed_rows WHERE run_id = :runId AND same_as = :customId`;
