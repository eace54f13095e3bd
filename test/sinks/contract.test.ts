import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { csv } from '../../src/sinks/csv.ts';
import { duckdb } from '../../src/sinks/duckdb.ts';
import { jsonl } from '../../src/sinks/jsonl.ts';
import { postgres } from '../../src/sinks/postgres.ts';
import { describeSink, type SinkPlace } from '../contract/sink-contract.ts';
import { createDatabase } from '../support/database.ts';

async function folder(open: SinkPlace['open']): Promise<SinkPlace> {
  const baseDir = await mkdtemp(join(tmpdir(), 'batchline-sink-'));
  return {
    baseDir,
    open,
    [Symbol.asyncDispose]: () => rm(baseDir, { recursive: true }),
  };
}

describeSink('csv', () => folder((context) => csv.open({ path: 'new/out.csv' }, context)));
describeSink('jsonl', () => folder((context) => jsonl.open({ path: 'new/out.jsonl' }, context)));
describeSink('duckdb (Parquet)', () =>
  folder((context) => duckdb.open({ path: 'new/out.parquet' }, context)),
);

for (const mode of ['upsert', 'insert'] as const)
  describeSink(`duckdb (${mode})`, () => {
    const config = duckdb.config.parse({ path: 'new/out.duckdb', table: 'out', mode, create: true });
    return folder((context) => duckdb.open(config, context));
  });

for (const mode of ['upsert', 'insert'] as const)
  describeSink(`postgres (${mode})`, async () => {
    const database = await createDatabase();
    const config = postgres.config.parse({ url: database.url, table: 'out', mode, create: true });
    return {
      baseDir: tmpdir(),
      open: (context) => postgres.open(config, context),
      [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
    };
  });
