import { join } from 'node:path';
import { describe } from 'vitest';
import { testSourceContract, type SubjectRow } from '../contract/source-contract.ts';
import { runDuckdb } from '../support/duckdb.ts';
import { openDuckdb } from './duckdb-support.ts';
import { SourceFolder } from './source-folder.ts';

/** Folders of the contract's tests; they go with the process's temporary folder. */
async function folderWith(sql: (path: string) => string): Promise<SourceFolder> {
  const folder = await SourceFolder.create();
  await runDuckdb(sql(folder.path));
  return folder;
}

const selectRows = (rows: readonly SubjectRow[]): string =>
  rows.length === 0
    ? `SELECT 0::BIGINT AS id, '' AS body WHERE false`
    : `SELECT row.id::BIGINT AS id, row.body FROM (SELECT unnest(${JSON.stringify(rows)
        .replaceAll("'", "''")
        .replaceAll('"', "'")}) AS row)`;

describe('the contract, over Parquet', () => {
  testSourceContract({
    async openWith(rows) {
      const folder = await folderWith((path) => `COPY (${selectRows(rows)}) TO '${path}/a.parquet'`);
      return openDuckdb(folder, { query: `SELECT * FROM 'a.parquet'` });
    },
    openMissing: async () =>
      openDuckdb(await SourceFolder.create(), { query: `SELECT * FROM 'none.parquet'` }),
  });
});

describe('the contract, over a table', () => {
  testSourceContract({
    async openWith(rows) {
      const folder = await SourceFolder.create();
      await runDuckdb(`CREATE TABLE notes AS ${selectRows(rows)}`, join(folder.path, 'a.duckdb'));
      return openDuckdb(folder, { path: 'a.duckdb', table: 'notes' });
    },
    openMissing: async () => openDuckdb(await SourceFolder.create(), { path: 'a.duckdb', table: 'notes' }),
  });
});
