import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { promptAnswer } from '../support/chat-answer.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { createProxy, type Middleware } from '../support/proxy.ts';

type Block = Readonly<Record<string, unknown>>;

/** What differs from the usual pipeline. */
export interface Parts {
  readonly batch?: Block;
  readonly request?: Block;
  readonly rest?: Block;
  readonly sink?: Block;
  readonly source?: Block;
}

export interface Scene extends AsyncDisposable {
  readonly project: PipelineProject;
  readonly emulator: TestEmulator;
}

export interface AnswerRow {
  readonly id: number;
  readonly answer: string;
  readonly attempt: number;
}

/** `rowCount` rows in a table of the file's own database, in one batch; the answers go into another table. */
export const rowCount = 12;
let database: TestDatabase;

/** To be called once by each test file. */
export function useNotes(count = rowCount): void {
  beforeAll(async () => {
    database = await createDatabase();
    await database.client.query(`
      CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL);
      INSERT INTO notes SELECT n, 'note ' || n FROM generate_series(1, ${count}) n`);
  });
  afterAll(() => database[Symbol.asyncDispose]());
  beforeEach(async () => {
    await database.client.query('DROP TABLE IF EXISTS answers');
  });
}

export function pipeline(url: string, { batch, request, rest, sink, source }: Parts = {}): object {
  return {
    source: { type: 'postgres', url: database.url, table: 'notes', key: 'id', ...source },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}', ...request },
    provider: providerAt(url),
    batch: { ...promptBatch, max_requests: rowCount, ...batch },
    sink: {
      type: 'postgres',
      url: database.url,
      table: 'answers',
      create: true,
      columns: { answer: 'text', attempt: 'attempt' },
      ...sink,
    },
    ...rest,
  };
}

/** A project whose provider is an emulator behind a middleware. */
export async function scene(
  middleware: (target: string) => Middleware,
  parts: Parts = {},
  options: Parameters<typeof createEmulator>[0] = {},
): Promise<Scene> {
  await using resources = new AsyncDisposableStack();
  const emulator = resources.use(await createEmulator(options));
  const proxy = resources.use(await createProxy(emulator.url, middleware(emulator.url)));
  const project = resources.use(await PipelineProject.create(pipeline(proxy.url, parts)));
  const kept = resources.move();
  return { project, emulator, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** A project whose provider stands at `url`. */
export async function project(url: string, parts: Parts = {}): Promise<PipelineProject> {
  return PipelineProject.create(pipeline(url, parts));
}

/** Runs a statement in the file's own database. */
export async function runSql(sql: string): Promise<void> {
  await database.client.query(sql);
}

/** What stands in the target table. */
export async function answers(): Promise<readonly AnswerRow[]> {
  const { rows } = await database.client.query<{ id: string; answer: string; attempt: string }>(
    'SELECT id::text, answer, attempt::text FROM answers ORDER BY answers.id',
  );
  return rows.map(({ id, answer, attempt }) => ({ id: Number(id), answer, attempt: Number(attempt) }));
}

/** The keys of all rows in the target table, each as often as it stands there. */
export async function insertedIds(): Promise<readonly number[]> {
  const { rows } = await database.client.query<{ id: number }>('SELECT id::int FROM answers ORDER BY 1');
  return rows.map(({ id }) => id);
}

/** What is to stand there. @param attempt which of a row's attempts was answered */
export function expected(attempt: (id: number) => number, count = rowCount): readonly AnswerRow[] {
  return Array.from({ length: count }, (_, index) => {
    const id = index + 1;
    return { id, answer: promptAnswer(`note ${id}`), attempt: attempt(id) };
  });
}

/** What `errors --json` prints. */
export async function errorsOf(project: PipelineProject): Promise<readonly Record<string, unknown>[]> {
  const { stdout, code } = await project.cli('errors', 'pipeline.yaml', '--json');
  expect(code).toBe(0);
  return parseLines(stdout);
}

export function parseLines(text: string): readonly Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
