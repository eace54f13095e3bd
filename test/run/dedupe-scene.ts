import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { FaultsInput } from '../../src/emulator/faults/faults.ts';
import { paidLines, readBill } from '../support/bill.ts';
import { promptAnswer } from '../support/chat-answer.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

/** Rows 1 to 6 ask first, two in a file; row n asks the same as row n - 6. */
const rowCount = 60;

export const textCount = 6;

export const all = Array.from({ length: rowCount }, (_, index) => index + 1);

export let database: TestDatabase;

export type Block = Readonly<Record<string, unknown>>;

interface Parts {
  readonly source?: Block;
  readonly sink?: Block;
  readonly batch?: Block;
  readonly rest?: Block;
}

export function pipeline(url: string, { source, sink, batch, rest }: Parts = {}): object {
  return {
    source: { type: 'postgres', url: database.url, table: 'notes', key: 'id', ...source },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}', dedupe: true },
    provider: providerAt(url),
    batch: { ...promptBatch, max_requests: 2, ...batch },
    sink: {
      type: 'postgres',
      url: database.url,
      table: 'answers',
      create: true,
      columns: { answer: 'text', place: 'row.place', tokens: 'usage.input_tokens', attempt: 'attempt' },
      ...sink,
    },
    ...rest,
  };
}

interface Answer {
  readonly id: number;
  readonly answer: string;
  readonly place: string;
  readonly paid: boolean;
  readonly attempt: number;
}

export async function answersIn(table: string): Promise<readonly Answer[]> {
  const { rows } = await database.client.query<Answer>(
    `SELECT id::int, answer, place, tokens::int > 0 AS paid, attempt::int FROM ${table} ORDER BY ${table}.id`,
  );
  return rows;
}

export function expected(
  ids: readonly number[],
  attempt: (id: number) => number = () => 1,
): readonly Answer[] {
  return ids.map((id) => ({
    id,
    answer: promptAnswer(`text ${id % textCount}`),
    place: `place ${id}`,
    paid: id <= textCount,
    attempt: attempt(id),
  }));
}

export async function paid(emulator: TestEmulator): Promise<number> {
  return paidLines(await readBill(emulator.dataDir)).length;
}

export async function start(parts: Parts = {}, faults: FaultsInput = {}) {
  await using resources = new AsyncDisposableStack();
  const emulator = resources.use(await createEmulator({ faults }));
  const project = resources.use(await PipelineProject.create(pipeline(emulator.url, parts)));
  const kept = resources.move();
  return { emulator, project, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** To be called once by each test file. */
export function useDedupe(): void {
  beforeAll(async () => {
    database = await createDatabase();
    await database.client.query(`
      CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL, place text);
      INSERT INTO notes SELECT n, 'text ' || n % ${textCount}, 'place ' || n FROM generate_series(1, ${rowCount}) n`);
  });
  afterAll(() => database[Symbol.asyncDispose]());
  beforeEach(async () => {
    await database.client.query('DROP TABLE IF EXISTS answers, others, batchline_loads');
  });
}
