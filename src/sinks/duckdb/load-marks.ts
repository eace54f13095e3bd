import type { LoadFailure, LoadMark } from '../../core/sink.ts';
import { textLiteral } from '../../duckdb/sql-text.ts';
import type { DuckSession } from '../../duckdb/session.ts';
import { quoteTable, type TableName } from '../../pg/identifier.ts';

const marksTable = 'batchline_loads';

/** The table that notes what was loaded; beside the target, since both change in one transaction. */
export function marksOf(target: TableName): TableName {
  return { schema: target.schema, table: marksTable };
}

/**
 * `failures` are the rows that were refused, so that a load that is repeated after a crash reports the same as the load
 * that it repeats.
 */
export function createMarks(marks: TableName): string {
  return `CREATE TABLE IF NOT EXISTS ${quoteTable(marks)} (
    run_id VARCHAR NOT NULL,
    chunk VARCHAR NOT NULL,
    file_sha256 VARCHAR NOT NULL,
    failures JSON NOT NULL,
    loaded_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, chunk, file_sha256))`;
}

interface MarkedFailure {
  readonly custom_id: string;
  readonly code: string;
  readonly message: string;
}

export function insertMark(
  marks: TableName,
  mark: LoadMark,
  failures: readonly LoadFailure[],
  customIds: readonly string[],
): string {
  const kept = failures.map(({ row, code, message }): MarkedFailure => ({
    custom_id: customIds[row] ?? '',
    code,
    message,
  }));
  const values = [mark.runId, mark.chunk, mark.sha256, JSON.stringify(kept)].map(textLiteral);
  return `INSERT INTO ${quoteTable(marks)} (run_id, chunk, file_sha256, failures) VALUES (${values.join(', ')})`;
}

/** The failures of a load that was made already, as rows of the same batch; null where it was not. */
export async function earlierFailures(
  session: DuckSession,
  marks: TableName,
  mark: LoadMark,
  customIds: readonly string[],
): Promise<readonly LoadFailure[] | null> {
  const [row] = await session.rows<[string]>(
    `SELECT failures::VARCHAR FROM ${quoteTable(marks)} WHERE run_id = $1 AND chunk = $2 AND file_sha256 = $3`,
    [mark.runId, mark.chunk, mark.sha256],
  );
  if (row === undefined) return null;
  const rowOf = new Map(customIds.map((id, index) => [id, index]));
  const failures = (JSON.parse(row[0]) as readonly MarkedFailure[]).flatMap(
    ({ custom_id: id, code, message }) => {
      const place = rowOf.get(id);
      return place === undefined ? [] : [{ row: place, code, message }];
    },
  );
  return failures.sort((a, b) => a.row - b.row);
}
