import { DuckDBInstance, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api';

/** Works with a database of DuckDB, in memory where no path is given, and closes it. */
export async function withDuckdb<T>(
  path: string | undefined,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    return await work(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

export function runDuckdb(sql: string, path?: string): Promise<void> {
  return withDuckdb(path, async (connection) => void (await connection.run(sql)));
}

/** The rows of a query, with values as DuckDB's API has them. */
export function queryDuckdb(sql: string, path?: string): Promise<readonly (readonly DuckDBValue[])[]> {
  return withDuckdb(path, async (connection) => (await connection.runAndReadAll(sql)).getRows());
}

/** The same as text. */
export async function textsOf(sql: string, path?: string): Promise<readonly (readonly (string | null)[])[]> {
  const rows = await queryDuckdb(sql, path);
  return rows.map((row) => row.map((value) => (value === null ? null : String(value))));
}
