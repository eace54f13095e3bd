import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { createDatabase, type TestDatabase } from '../support/database.ts';

/** What every source of the examples holds. */
export const notes = [1, 2, 3].map((id) => ({ id, text: `note ${id}`, body: `note ${id}` }));

const list = JSON.stringify(notes);
const lines = notes.map((note) => `${JSON.stringify(note)}\n`).join('');

function csv(delimiter: string): string {
  return ['id,text,body', ...notes.map(({ id, text, body }) => `${id},${text},${body}`), '']
    .join('\n')
    .replaceAll(',', delimiter);
}

/** The files that the examples of the reference name. */
const files: Readonly<Record<string, string | Buffer>> = {
  'people.csv': csv(','),
  'people.json': list,
  'tickets.jsonl': lines,
  'export.csv.gz': gzipSync(csv(';')),
  'exports/one.csv.gz': gzipSync(csv(';')),
  'exports/one.json.gz': gzipSync(`{ "data": { "items": ${list} } }`),
  'exports/one.jsonl.zst': zstdCompressSync(lines),
  'language.ts': `export default (row: { body: string }) => ({ language: 'en', score: row.body.length / 2 });`,
  'transforms/redact.js': `export default ({ body }) => ({ body: body.replaceAll('note', 'n...') });`,
};

/** What stands on standard input where a source reads that. */
export const standardInput: Readonly<Record<string, string>> = {
  csv: notes.map(({ id, text }) => `${id},${text}\n`).join(''),
  json: `{ "results": ${list} }`,
  jsonl: lines,
};

const tables = `
  CREATE TABLE tickets (
    id bigint PRIMARY KEY, subject text, sender text, body text, status text, priority int,
    closed_at timestamptz, updated_at timestamptz NOT NULL, text text, model text);
  INSERT INTO tickets
    SELECT n, 'note', 'Ann', 'note ' || n, 'closed', 3, now(), now() FROM generate_series(1, 3) n;
  CREATE TABLE events AS SELECT id, body FROM tickets;
  ALTER TABLE events ADD PRIMARY KEY (id);
  CREATE TABLE ticket_tags (id bigint PRIMARY KEY, text text, model text);
  CREATE TABLE chunks (LIKE ticket_tags INCLUDING ALL);
  CREATE TABLE answers (LIKE ticket_tags);`;

const warehouse = `
  CREATE TABLE tickets AS
    SELECT n AS id, 'note ' || n AS body, now() AS closed_at FROM range(1, 4) t(n);
  CREATE TABLE answers (id BIGINT, text VARCHAR, model VARCHAR);`;

/** A database and a folder in which the blocks of the reference work as they stand. */
export class ExampleWorld implements AsyncDisposable {
  readonly folder: string;
  readonly database: TestDatabase;

  private constructor(folder: string, database: TestDatabase) {
    this.folder = folder;
    this.database = database;
  }

  static async create(): Promise<ExampleWorld> {
    const database = await createDatabase();
    await database.client.query(tables);
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'batchline-examples-')));
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
    await fillWarehouse(folder);
    return new ExampleWorld(folder, database);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function fillWarehouse(folder: string): Promise<void> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(join(folder, 'warehouse.duckdb'));
  const connection = await instance.connect();
  await connection.run(warehouse);
  await mkdir(join(folder, 'archive'));
  await connection.run(`COPY tickets TO '${join(folder, 'archive/one.parquet')}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
}
