import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { testSourceContract, type SubjectRow } from '../contract/source-contract.ts';
import { runDuckdb } from '../support/duckdb.ts';
import { openDuckdb } from './duckdb-support.ts';
import { SourceFolder } from './source-folder.ts';

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((path) => rm(path, { recursive: true }))));

async function createFolder(): Promise<SourceFolder> {
  const folder = await SourceFolder.create();
  folders.push(folder.path);
  return folder;
}

function selectRows(rows: readonly SubjectRow[]): string {
  if (rows.length === 0) return `SELECT 0::BIGINT AS id, '' AS body WHERE false`;
  const list = rows.map(({ id, body }) => `{'id': ${id}, 'body': '${body}'}`).join(', ');
  return `SELECT row.id::BIGINT AS id, row.body FROM (SELECT unnest([${list}]) AS row)`;
}

describe('the contract, over Parquet', () => {
  testSourceContract({
    async openWith(rows) {
      const folder = await createFolder();
      await runDuckdb(`COPY (${selectRows(rows)}) TO '${folder.path}/a.parquet'`);
      return openDuckdb(folder, { query: `SELECT * FROM 'a.parquet'` });
    },
    openMissing: async () => openDuckdb(await createFolder(), { query: `SELECT * FROM 'none.parquet'` }),
  });
});

describe('the contract, over a table', () => {
  testSourceContract({
    async openWith(rows) {
      const folder = await createFolder();
      await runDuckdb(`CREATE TABLE notes AS ${selectRows(rows)}`, join(folder.path, 'a.duckdb'));
      return openDuckdb(folder, { path: 'a.duckdb', table: 'notes' });
    },
    openMissing: async () => openDuckdb(await createFolder(), { path: 'a.duckdb', table: 'notes' }),
  });
});
