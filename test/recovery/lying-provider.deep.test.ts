import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FaultsInput } from '../../src/emulator/faults/faults.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createNotes, rowCount, runScene } from './scenes/run.ts';
import { World } from './world.ts';

interface Lie {
  readonly lie: string;
  readonly faults: FaultsInput;
  readonly rowsPerFile?: number;
}

const listedLate = { fault: 'unlisted', for: '150ms' } as const;

const lies: readonly Lie[] = [
  {
    lie: 'loses the replies to creates that it carries out, and lists their batches late',
    faults: {
      batches: [listedLate],
      http: [{ fault: 'cut', on: 'create_batch', requests: [1, 3], effect: 'done' }],
    },
  },
  {
    lie: 'loses creates that it does not carry out',
    faults: { http: [{ fault: 'cut', on: 'create_batch', requests: [1, 3] }] },
  },
  {
    lie: 'answers creates that it carries out with a failure',
    faults: {
      batches: [listedLate],
      http: [
        { fault: 'status', on: 'create_batch', status: 500, requests: 1, effect: 'done' },
        { fault: 'status', on: 'create_batch', status: 408, requests: 2, effect: 'done' },
        { fault: 'status', on: 'create_batch', status: 409, requests: 4, effect: 'done' },
      ],
    },
  },
  {
    lie: 'answers creates that it does not carry out with a failure',
    faults: {
      http: [
        { fault: 'status', on: 'create_batch', status: 503, requests: 1 },
        { fault: 'status', on: 'create_batch', status: 429, requests: 3 },
      ],
    },
  },
  {
    lie: 'ends downloads early as if they were whole',
    faults: { http: [{ fault: 'download_short', requests: [1, 2] }] },
    rowsPerFile: rowCount,
  },
  {
    lie: 'cuts downloads and uploads',
    faults: {
      http: [
        { fault: 'download_cut', requests: [1, 3] },
        { fault: 'cut', on: 'upload', requests: 1, effect: 'done' },
        { fault: 'cut', on: 'upload', requests: 3 },
      ],
    },
  },
];

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
  await database.client.query(createNotes);
});

afterAll(() => database[Symbol.asyncDispose]());

describe('a provider that', () => {
  it.each(lies.map((lie, index) => ({ ...lie, name: `lie_${index}` })))(
    '$lie is paid for each row once',
    async ({ name, faults, rowsPerFile = 4 }) => {
      const scene = runScene({ mode: 'upsert', name, faults, rowsPerFile });
      await using world = await World.create(database, name, scene);
      await scene.after(world);
      await scene.expect(world);
      const hits = await world.faultHits();
      expect(Object.values(hits)).not.toContain(0);
    },
  );
});
