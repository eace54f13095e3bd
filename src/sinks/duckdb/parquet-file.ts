import type { DuckSession } from '../../duckdb/session.ts';
import { textLiteral } from '../../duckdb/sql-text.ts';

/** What a Parquet file of ours tells of itself. */
export interface WrittenParquet {
  readonly rows: number;
  /** The run that wrote it; null where that was none of ours. */
  readonly runId: string | null;
  /** What its rows are made of; see `rowShape`. */
  readonly shape: string | null;
}

/** The keys of the file's own metadata that name them. */
const runKey = 'batchline_run';
const shapeKey = 'batchline_shape';

interface ParquetOptions {
  /** The most rows that are kept in memory while they are written. */
  readonly rowGroup: number;
  readonly runId: string;
  readonly shape: string;
}

export function parquetOptions({ rowGroup, runId, shape }: ParquetOptions): string {
  const metadata = `KV_METADATA {${runKey}: ${textLiteral(runId)}, ${shapeKey}: ${textLiteral(shape)}}`;
  return `FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroup}, ${metadata}`;
}

/** Null where it is no Parquet file. */
export async function readWritten(session: DuckSession, path: string): Promise<WrittenParquet | null> {
  const file = textLiteral(path);
  try {
    const value = (key: string) =>
      `(SELECT decode(value) FROM parquet_kv_metadata(${file}) WHERE decode(key) = '${key}')`;
    const [row] = await session.rows<[number, string | null, string | null]>(
      `SELECT num_rows::INTEGER, ${value(runKey)}, ${value(shapeKey)} FROM parquet_file_metadata(${file})`,
    );
    return row === undefined ? null : { rows: row[0], runId: row[1], shape: row[2] };
  } catch {
    return null;
  }
}
