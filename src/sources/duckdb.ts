import { defineSource } from '../core/source.ts';
import { duckdbConfig } from './duckdb/config.ts';

export const duckdb = defineSource({
  name: 'duckdb',
  summary: 'Reads Parquet, CSV and JSON files by SQL, and the tables of a DuckDB file.',
  config: duckdbConfig,
  examples: [
    { query: "SELECT * FROM 'archive/*.parquet'" },
    { query: "SELECT id, body FROM read_csv('export.csv.gz', delim = ';') WHERE body <> '' ORDER BY id" },
    { path: 'warehouse.duckdb', table: 'tickets', where: 'closed_at is not null' },
  ],
  async open(config, context) {
    const { openDuckdb } = await import('./duckdb/open.ts');
    return openDuckdb(config, context);
  },
});
