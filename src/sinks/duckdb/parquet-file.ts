import type { DuckSession } from '../../duckdb/session.ts';
import { textLiteral } from '../../duckdb/sql-text.ts';

/** What a Parquet file of ours tells of itself. */
export interface WrittenParquet {
  readonly rows: number;
  /** The run that wrote it; null where that was none of ours. */
  readonly runId: string | null;
}

/** The key of the file's own metadata that names the run. */
const runKey = 'batchline_run';

interface ParquetOptions {
  /** The most rows that are kept in memory while they are written. */
  readonly rowGroup: number;
  readonly runId: string;
}

export function parquetOptions({ rowGroup, runId }: ParquetOptions): string {
  const metadata = `KV_METADATA {${runKey}: ${textLiteral(runId)}}`;
  return `FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroup}, ${metadata}`;
}

/** Null where it is no Parquet file. */
export async function readWritten(session: DuckSession, path: string): Promise<WrittenParquet | null> {
  const file = textLiteral(path);
  try {
    const [row] = await session.rows<[number, string | null]>(
      `SELECT num_rows::INTEGER,
          (SELECT decode(value) FROM parquet_kv_metadata(${file}) WHERE decode(key) = '${runKey}')
        FROM parquet_file_metadata(${file})`,
    );
    return row === undefined ? null : { rows: row[0], runId: row[1] };
  } catch {
    return null;
  }
}
