import { afterAll, beforeAll, beforeEach } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

type Block = Readonly<Record<string, unknown>>;

export let database: TestDatabase;

let emulator: TestEmulator;

export function create(sink: Block = {}, rest: Block = {}): Promise<PipelineProject> {
  return PipelineProject.create({
    source: { type: 'postgres', url: database.url, table: 'notes', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(emulator.url),
    batch: promptBatch,
    sink: {
      type: 'postgres',
      url: database.url,
      table: 'answers',
      deleted: 'delete',
      columns: { answer: 'text' },
      ...sink,
    },
    ...rest,
  });
}

/** The ids in the target. */
export async function ids(table = 'answers'): Promise<readonly (string | null)[]> {
  const { rows } = await database.client.query<{ id: string | null }>(
    `SELECT id FROM ${table} ORDER BY ${table}.id`,
  );
  return rows.map(({ id }) => id);
}

export const numbers = (...gone: readonly number[]) =>
  Array.from({ length: 12 }, (_, index) => index + 1)
    .filter((id) => !gone.includes(id))
    .map(String);

/** To be called once by each test file. */
export function useDeleted(): void {
  beforeAll(async () => {
    database = await createDatabase();
    emulator = await createEmulator();
  });
  afterAll(async () => {
    await emulator[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await database.client.query(`
      DROP TABLE IF EXISTS answers, notes;
      CREATE TABLE notes (id text PRIMARY KEY, body text NOT NULL);
      INSERT INTO notes SELECT n, 'note ' || n FROM generate_series(1, 12) n;
      CREATE TABLE answers (id bigint UNIQUE, answer text, request_hash text);
      INSERT INTO answers VALUES (100, 'of a row that is gone'), (NULL, 'not ours')`);
  });
}
