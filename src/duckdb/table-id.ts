import { realpath } from 'node:fs/promises';

/** Names a table so that a source and a sink can tell whether they mean the same one, by whatever path they came. */
export async function tableId(path: string, schema: string, table: string): Promise<string> {
  return JSON.stringify(['duckdb', await realpath(path), schema.toLowerCase(), table.toLowerCase()]);
}
