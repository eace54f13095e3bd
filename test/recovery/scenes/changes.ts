import { expect } from 'vitest';
import { providerAt } from '../../support/emulator.ts';
import { answerTo, expectPaidOnce, ids, run, tableRows, type Scene } from '../scene.ts';
import type { World } from '../world.ts';

const rowCount = 6;

type Block = Readonly<Record<string, unknown>>;

interface ChangeOptions extends Pick<Scene, 'name' | 'always'> {
  readonly source?: Block;
  readonly sink?: Block;
  /** What happens to the source after a first run. */
  readonly change: (source: string) => string;
  /** The ids that the target holds in the end. */
  readonly wanted: readonly string[];
  /** The records that a further run reads. */
  readonly leftToRead: number;
}

const sourceOf = (table: string): string => `${table}_source`;

/** `run`, of a table that has changed since the first run; it must end so that the next run has nothing left to do. */
function changeScene({ name, always, source, sink, change, wanted, leftToRead }: ChangeOptions): Scene {
  return {
    name,
    ...(always === undefined ? {} : { always }),
    emulator: { latencyMs: 0 },
    pipeline: ({ provider, database, table }) => ({
      source: { type: 'postgres', url: database, table: sourceOf(table), key: 'id', ...source },
      request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
      provider: providerAt(provider),
      batch: { poll_interval: '50ms', max_requests: 2 },
      sink: { type: 'postgres', url: database, table, columns: { answer: 'text' }, ...sink },
    }),
    createTable: (table) => `
      CREATE TABLE ${table} (id bigint PRIMARY KEY, answer text, request_hash text);
      CREATE TABLE ${sourceOf(table)} AS SELECT n AS id, 'note ' || n AS body, 10 * n AS version
        FROM generate_series(1, ${rowCount}) n;
      ALTER TABLE ${sourceOf(table)} ADD PRIMARY KEY (id)`,
    before: async (world) => {
      await world.type(run, 0);
      await world.query(change(sourceOf(world.places.table)));
    },
    command: () => run,
    after: async (world) => {
      await world.type(run, 0);
    },
    expect: async (world) => {
      expect(await tableRows(world)).toEqual(wanted.map((id) => ({ id, answer: answerTo(id) })));
      await expectPaidOnce(world);
      await expectNothingLeft(world, leftToRead);
    },
    about: 70,
  };
}

async function expectNothingLeft(world: World, records: number): Promise<void> {
  const { stdout } = await world.type([...run, '--json'], 0);
  expect(JSON.parse(stdout)).toMatchObject({ rows: { records, requested: 0 } });
}

export const changeScenes: readonly Scene[] = [
  changeScene({
    name: 'incremental',
    source: { incremental: { cursor: 'version' } },
    change: (source) =>
      `INSERT INTO ${source} SELECT n, 'note ' || n, 10 * n FROM generate_series(${rowCount + 1}, ${rowCount + 3}) n`,
    wanted: ids(rowCount + 3),
    leftToRead: 0,
    // After the last row is loaded, before the next run's beginning has moved.
    always: [{ door: 'sqlite INSERT INTO watermarks', nth: 1 }],
  }),
  changeScene({
    name: 'deleted',
    sink: { deleted: 'delete' },
    change: (source) => `DELETE FROM ${source} WHERE id IN (2, 5)`,
    wanted: ids(rowCount).filter((id) => id !== '2' && id !== '5'),
    leftToRead: rowCount - 2,
    always: [{ door: 'postgres DELETE FROM', nth: 2 }],
  }),
];
