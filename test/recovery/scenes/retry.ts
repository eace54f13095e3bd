import { expect } from 'vitest';
import { providerAt } from '../../support/emulator.ts';
import {
  answerTo,
  expectCounts,
  expectPaidOnce,
  ids,
  newestRun,
  notesCsv,
  run,
  tableRows,
  type Scene,
} from '../scene.ts';
import type { Places, World } from '../world.ts';
import { linesOf, quoted } from './files.ts';

const rowCount = 6;
/** What becomes of some rows at first. */
const fate = { refused: '2', unloadable: '3', empty: '5' } as const;
const answered = ids(rowCount).filter((id) => id !== fate.empty);

const notes = notesCsv(rowCount).replace(`note ${fate.empty}\n`, '\n');
const bad = `row.id == "${fate.unloadable}" ? text.nothing : text`;

function pipeline({ provider }: Places, sink: object, maxFailedRows: number): object {
  return {
    source: { type: 'csv', path: 'notes.csv', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(provider),
    batch: { poll_interval: '50ms', max_requests: 2 },
    max_failed_rows: maxFailedRows,
    sink,
  };
}

const emulator: Scene['emulator'] = {
  latencyMs: 60,
  faults: { rows: [{ fault: 'status', status: 400, custom_ids: [fate.refused], attempts: 1 }] },
};

async function retry(world: World): Promise<readonly string[]> {
  return ['retry', await newestRun(world)];
}

/** One row cannot be rendered, and stays failed; every other one is answered, and none was bought that had an answer. */
async function expectRetried(world: World): Promise<void> {
  const [first, ...more] = await world.runs();
  if (first === undefined) throw new Error('There is no run in the ledger.');
  expect(more).toEqual([]);
  const counts = { records: rowCount, read: rowCount, requested: rowCount, ok: rowCount - 1, failed: 1 };
  expectCounts(first, 'completed_with_failures', counts);
  const batches = await world.batches();
  const sent = batches.flatMap(({ lines }) => [...lines.keys()]).sort();
  expect(sent).toEqual([...answered, fate.refused].sort());
  await expectPaidOnce(world);
}

interface TableOptions {
  readonly name: string;
  readonly mode: 'insert' | 'upsert';
  readonly after: Scene['after'];
}

/** Into a table that refuses a row at first. */
function tableScene({ name, mode, after }: TableOptions): Scene {
  const key = mode === 'upsert' ? 'PRIMARY KEY' : '';
  return {
    name,
    emulator,
    files: { 'notes.csv': notes },
    createTable: (table) =>
      `CREATE TABLE ${table} (id text ${key} CONSTRAINT fit CHECK (id <> '${fate.unloadable}'), answer text)`,
    pipeline: (places) =>
      pipeline(
        places,
        { type: 'postgres', url: places.database, table: places.table, mode, columns: { answer: 'text' } },
        1,
      ),
    before: async (world) => {
      await world.type(run, 1);
      await world.query(`ALTER TABLE ${world.places.table} DROP CONSTRAINT fit`);
    },
    command: retry,
    after,
    expect: async (world) => {
      expect(await tableRows(world)).toEqual(answered.map((id) => ({ id, answer: answerTo(id) })));
      await expectRetried(world);
    },
    about: 90,
  };
}

interface FileOptions {
  readonly name: string;
  /** Up to so many failed rows the first run gives the file its name. */
  readonly maxFailedRows: number;
  readonly after: Scene['after'];
}

const fileSink = (answer: string) => ({ type: 'csv', path: 'answers.csv', columns: { answer } });

/** Into a file whose expression fails on a row until it is corrected. */
function fileScene({ name, maxFailedRows, after }: FileOptions): Scene {
  return {
    name,
    emulator,
    files: { 'notes.csv': notes },
    pipeline: (places) => pipeline(places, fileSink(bad), maxFailedRows),
    before: async (world) => {
      await world.type(run, maxFailedRows < 3 ? 1 : 0);
      expect(await world.runs()).toMatchObject([{ status: 'completed_with_failures' }]);
      const corrected = `row.id == "${fate.unloadable}" ? text : text`;
      await world.project.write('pipeline.yaml', pipeline(world.places, fileSink(corrected), maxFailedRows));
    },
    command: retry,
    after,
    expect: async (world) => {
      const wanted = answered.map((id) => `${id},${quoted(answerTo(id))}`);
      expect(await linesOf(world, 'answers.csv')).toEqual(['id,answer', ...wanted].sort());
      await expectRetried(world);
    },
    about: 90,
  };
}

async function retryAgain(world: World): Promise<void> {
  await world.type(await retry(world), 0);
}

/** `run` takes the run up where the retry died; rows that it had not reopened yet still want a `retry`. */
async function runAndRetry(world: World): Promise<void> {
  const { code, stderr } = await world.type(run, 0, 1, 4);
  if (code === 4 && !stderr.includes('has already bought')) throw new Error(`exit 4: ${stderr}`);
  await retryAgain(world);
}

export const retryScenes: readonly Scene[] = [
  tableScene({ name: 'retry_insert', mode: 'insert', after: retryAgain }),
  tableScene({ name: 'retry_upsert_then_run', mode: 'upsert', after: runAndRetry }),
  fileScene({ name: 'retry_csv_finished', maxFailedRows: 3, after: retryAgain }),
  fileScene({ name: 'retry_csv_unfinished', maxFailedRows: 1, after: retryAgain }),
  fileScene({ name: 'retry_csv_then_run', maxFailedRows: 3, after: runAndRetry }),
];
