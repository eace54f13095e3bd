import { afterAll, beforeAll, beforeEach } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

type Block = Readonly<Record<string, unknown>>;

export const rows = 20;

export let database: TestDatabase;

export let emulator: TestEmulator;

export function create(source: Block = {}, rest: Block = {}): Promise<PipelineProject> {
  const { sink, ...others } = rest as { readonly sink?: Block };
  return PipelineProject.create({
    source: {
      type: 'postgres',
      url: database.url,
      table: 'notes',
      key: 'id',
      incremental: { cursor: 'updated_at', lag: '0s' },
      ...source,
    },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(emulator.url),
    batch: promptBatch,
    sink: {
      type: 'postgres',
      url: database.url,
      table: 'answers',
      create: true,
      columns: { answer: 'text' },
      ...sink,
    },
    ...others,
  });
}

/** The rows of a run as it counts them. */
export async function counts(project: PipelineProject, ...flags: readonly string[]) {
  const { records, skipped, ok } = (await project.summary(0, ...flags)).rows;
  return { records, skipped, ok };
}

export async function answered(): Promise<readonly number[]> {
  const { rows: found } = await database.client.query<{ id: string }>(
    'SELECT id FROM answers ORDER BY answers.id',
  );
  return found.map(({ id }) => Number(id));
}

export const change = (condition: string, at = '2026-01-02T13:00:00Z') =>
  database.client.query(`UPDATE notes SET body = body || '!', updated_at = '${at}' WHERE ${condition}`);

/** To be called once by each test file. */
export function useIncremental(): void {
  beforeAll(async () => {
    database = await createDatabase();
    emulator = await createEmulator();
  });
  afterAll(async () => {
    await emulator[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });
  /** Rows that changed a minute after one another, the last at 12:20 on 2026-01-02. */
  beforeEach(async () => {
    await database.client.query(`
      DROP TABLE IF EXISTS answers, notes;
      CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL, updated_at timestamptz);
      INSERT INTO notes SELECT n, 'note ' || n, '2026-01-02T12:00:00Z'::timestamptz + n * interval '1 minute'
        FROM generate_series(1, ${rows}) n`);
  });
}
