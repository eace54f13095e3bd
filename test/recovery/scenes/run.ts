import { expect } from 'vitest';
import type { FaultsInput } from '../../../src/emulator/faults/faults.ts';
import { providerAt } from '../../support/emulator.ts';
import {
  allOk,
  answerTo,
  expectCounts,
  expectNoPartialFiles,
  expectPaidOnce,
  ids,
  run,
  runAgain,
  tableRows,
  type Scene,
} from '../scene.ts';
import type { World } from '../world.ts';

export const rowCount = 14;

/** The table that scenes with a Postgres source read. */
export const createNotes = `
  CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL);
  INSERT INTO notes SELECT n, 'note ' || n FROM generate_series(1, ${rowCount}) n`;

/**
 * A row that fails in passing, a batch that expires half-way, a create whose reply is lost, and batches that the list
 * shows only after a while.
 */
export const usualFaults: FaultsInput = {
  rows: [{ fault: 'status', status: 429, custom_ids: ['3'], attempts: 1 }],
  batches: [
    { fault: 'expired', batches: 2, after: 0.5 },
    { fault: 'unlisted', for: '150ms' },
  ],
  http: [{ fault: 'cut', on: 'create_batch', requests: 3, effect: 'done' }],
};

export interface RunOptions {
  readonly name: string;
  readonly mode: 'upsert' | 'insert';
  readonly faults?: FaultsInput;
  readonly rowsPerFile?: number;
}

/** `run`, from one table into another. */
export function runScene({ name, mode, faults = usualFaults, rowsPerFile = 4 }: RunOptions): Scene {
  return {
    name,
    emulator: { latencyMs: 60, faults },
    pipeline: ({ provider, database, table }) => ({
      source: { type: 'postgres', url: database, table: 'notes', key: 'id' },
      request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
      provider: providerAt(provider),
      batch: { poll_interval: '50ms', max_requests: rowsPerFile },
      sink: {
        type: 'postgres',
        url: database,
        table,
        mode,
        create: mode === 'upsert',
        columns: { answer: 'text' },
      },
    }),
    // Without a unique index, so that an answer loaded twice would show.
    createTable: mode === 'insert' ? (table) => `CREATE TABLE ${table} (id bigint, answer text)` : undefined,
    command: () => run,
    after: runAgain,
    expect: expectComplete,
    about: 310,
    // Between two files: what was sealed before must not be read again.
    always: [{ door: 'sqlite INSERT INTO chunks', nth: 2 }],
    doors: [
      'http POST /v1/files answered',
      'http POST /v1/batches sent',
      'http POST /v1/batches answered',
      'file rename output',
      'postgres CREATE TEMPORARY TABLE answered',
      'sqlite UPDATE unfinished_rows',
      'file rename failed-rows.jsonl',
    ],
  };
}

/** Every row is answered, once, everything adds up, and nothing was bought in vain. */
async function expectComplete(world: World): Promise<void> {
  expect(await tableRows(world)).toEqual(ids(rowCount).map((id) => ({ id, answer: answerTo(id) })));
  // The run that was killed: one that was killed after its end is followed by another, which finds nothing to do.
  const [first] = await world.runs();
  if (first === undefined) throw new Error('There is no run in the ledger.');
  expectCounts(first, 'completed', allOk(rowCount));
  await expectPaidOnce(world);
  await expectNoPartialFiles(world);
}

export const runScenes: readonly Scene[] = [
  runScene({ name: 'run_upsert', mode: 'upsert' }),
  runScene({ name: 'run_insert', mode: 'insert' }),
];
