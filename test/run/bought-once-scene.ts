import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { paidLines } from '../support/bill.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import type { PipelineProject } from '../support/pipeline-process.ts';

export let database: TestDatabase;

let emulator: TestEmulator;

/** All tests share a provider's account, and what one has bought is nothing that another lacks. */
let test = 0;

export type Block = Readonly<Record<string, unknown>>;

interface Parts {
  readonly source?: Block;
  readonly request?: Block;
  readonly batch?: Block;
  readonly sink?: Block;
}

export function pipeline({ source, request, batch, sink }: Parts = {}): object {
  return {
    name: `test-${test}`,
    source: { type: 'postgres', url: database.url, table: 'notes', key: 'id', ...source },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}', ...request },
    provider: providerAt(emulator.url),
    batch: { ...promptBatch, max_requests: 4, ...batch },
    sink: {
      type: 'postgres',
      url: database.url,
      table: 'answers',
      create: true,
      columns: { answer: 'text' },
      ...sink,
    },
  };
}

/** Lines that were paid for since the last call. */
let paidBefore = 0;

export async function newlyPaid(): Promise<number> {
  const paid = paidLines(await emulator.bill()).length;
  const fresh = paid - paidBefore;
  paidBefore = paid;
  return fresh;
}

/** Starts a run and kills it once a batch of it is submitted. */
export async function breakOff(project: PipelineProject, ...flags: readonly string[]): Promise<void> {
  const args = ['run', 'pipeline.yaml', '--log-format', 'json', ...flags];
  const { child, result } = project.watch(args, (line) => {
    if (line.includes('"BatchSubmitted"')) child.kill('SIGKILL');
  });
  expect((await result).code).toBeNull();
}

/** To be called once by each test file. */
export function useBoughtOnce(): void {
  beforeAll(async () => {
    database = await createDatabase();
    emulator = await createEmulator();
  });
  afterAll(async () => {
    await emulator[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    test += 1;
    await database.client.query(`
      DROP TABLE IF EXISTS notes, answers;
      CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL);
      INSERT INTO notes SELECT n, 'note ' || n FROM generate_series(1, 10) n`);
  });
}
