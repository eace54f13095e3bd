import { expect } from 'vitest';
import { answerTo, expectNoPartialFiles, expectPaidOnce, ids, newestRun, run, type Scene } from '../scene.ts';
import type { Places, World } from '../world.ts';
import { linesOf, quoted } from './files.ts';
import { notesPipeline, notesScene, rowCount } from './notes.ts';

/** Rows that the provider fails at first, and so answers at the second attempt. */
const late = ['3', '5'] as const;
const attemptOf = (id: string): number => (late.some((lateId) => lateId === id) ? 2 : 1);

interface LoadOptions {
  readonly name: string;
  readonly always?: Scene['always'];
  readonly createTable?: Scene['createTable'];
  /** The sink as it is edited before the load. */
  readonly sink: (places: Places) => Readonly<Record<string, unknown>>;
  readonly loaded: (world: World) => Promise<unknown>;
  readonly wanted: readonly unknown[];
}

/** `load --run`, after the sink was edited. */
function loadScene({ name, always = [], createTable, sink, loaded, wanted }: LoadOptions): Scene {
  return {
    ...notesScene,
    name,
    always,
    createTable,
    emulator: {
      latencyMs: 0,
      faults: { rows: [{ fault: 'status', status: 429, custom_ids: [...late], attempts: 1 }] },
    },
    pipeline: (places) =>
      notesPipeline(places, {
        sink: { table: `${places.table}_first`, columns: { answer: 'model', attempt: 'attempt' } },
      }),
    before: async (world) => {
      await world.type(run, 0);
      const edited = notesPipeline(world.places, { sink: sink(world.places) });
      await world.project.write('pipeline.yaml', edited);
    },
    command: load,
    after: async (world) => {
      await world.type(await load(world), 0);
    },
    expect: async (world) => {
      expect(await loaded(world)).toEqual(wanted);
      const [first, ...more] = await world.runs();
      expect(more).toEqual([]);
      expect(first).toMatchObject({ status: 'completed', rows: { ok: rowCount, failed: 0, pending: 0 } });
      await expectPaidOnce(world);
      await expectNoPartialFiles(world);
    },
    about: 40,
  };
}

async function load(world: World): Promise<readonly string[]> {
  return ['load', 'pipeline.yaml', '--run', await newestRun(world)];
}

function tableOf(world: World, table: string): Promise<readonly Record<string, unknown>[]> {
  return world.query(`SELECT id::text, answer, attempt::int FROM ${table} AS target ORDER BY target.id::int`);
}

const rows = ids(rowCount).map((id) => ({ id, answer: answerTo(id), attempt: attemptOf(id) }));
const columns = { answer: 'text', attempt: 'attempt' };

export const loadScenes: readonly Scene[] = [
  loadScene({
    name: 'load_run_upsert',
    sink: ({ table }) => ({ table: `${table}_first`, columns }),
    loaded: (world) => tableOf(world, `${world.places.table}_first`),
    wanted: rows,
  }),
  loadScene({
    name: 'load_run_insert',
    // Between two files: what was loaded before must not be loaded again.
    always: [{ door: 'sqlite UPDATE chunks SET', nth: 2 }],
    // Without a unique index, so that an answer loaded twice would show.
    createTable: (table) => `CREATE TABLE ${table} (id text, answer text, attempt int)`,
    sink: () => ({ mode: 'insert', create: false, columns }),
    loaded: (world) => tableOf(world, world.places.table),
    wanted: rows,
  }),
  loadScene({
    name: 'load_run_csv',
    sink: () => ({
      type: 'csv',
      url: undefined,
      table: undefined,
      create: undefined,
      path: 'answers.csv',
      columns,
    }),
    loaded: (world) => linesOf(world, 'answers.csv'),
    wanted: [
      'id,answer,attempt',
      ...rows.map((row) => `${row.id},${quoted(row.answer)},${row.attempt}`),
    ].sort(),
  }),
];
