import { availableParallelism } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorMessage } from '../../src/core/errors.ts';
import { Random } from '../../src/emulator/random.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { BoundaryScene, createNotes, expectComplete, type Boundary, type Mode } from './boundary-scene.ts';

/**
 * A run is killed at every boundary between an intent, its effect and its outcome, and begun again. BATCHLINE_BOUNDARIES
 * says at how many: `all`, or how many beside those that are always tried; BATCHLINE_TEST_SEED which ones.
 */
const wanted = process.env['BATCHLINE_BOUNDARIES'] ?? '1';
const seed = Number(process.env['BATCHLINE_TEST_SEED'] ?? Date.now() % 0x7fff_ffff);
const random = new Random(seed);
/** Of two processes, the one waits for the provider while the other works. */
const atOnce = 2 * availableParallelism();
const timeout = wanted === 'all' ? 4 * 3_600_000 : 300_000;

/** Where most is at stake; of each kind one is always tried. */
const kinds = [
  'http POST /v1/files answered',
  'http POST /v1/batches sent',
  'http POST /v1/batches answered',
  'file rename output',
  'postgres CREATE TEMPORARY TABLE answered',
  'sqlite DELETE FROM unfinished_rows',
  'file rename failed-rows.jsonl',
] as const;

/** A run that goes on crosses fewer boundaries. */
const secondKillBelow = 200;

let database: TestDatabase;

beforeAll(async () => {
  console.log(`BATCHLINE_TEST_SEED=${seed}`);
  database = await createDatabase();
  await createNotes(database);
});

afterAll(() => database[Symbol.asyncDispose]());

function pickOf(door: string, names: readonly string[]): Boundary {
  const crossed = names.filter((name) => name.startsWith(door)).length;
  if (crossed === 0) throw new Error(`No boundary is called ${door} any more.`);
  return { door, nth: 1 + random.below(crossed) };
}

function choose(names: readonly string[]): readonly Boundary[] {
  if (wanted === 'all') return names.map((_, index) => ({ door: '', nth: index + 1 }));
  // Between two files: what was sealed before must not be read again.
  const amidReading = { door: 'sqlite INSERT INTO chunks', nth: 2 };
  const others = Array.from({ length: Number(wanted) }, () => pickOf('', names));
  return [amidReading, ...kinds.map((kind) => pickOf(kind, names)), ...others];
}

/** One time in four, what goes on is killed as well, somewhere on its way. */
function secondKill(place: number): Boundary | null {
  const random = new Random(seed + place);
  return random.below(4) > 0 ? null : { door: '', nth: 1 + random.below(secondKillBelow) };
}

/** @returns where the run died and what was wrong in the end, or null */
async function killAt(mode: Mode, boundary: Boundary, place: number): Promise<string | null> {
  let where = `${boundary.door} ${boundary.nth}`;
  try {
    await using scene = await BoundaryScene.create(database, { mode, name: String(place) });
    const died = await scene.killAt(boundary);
    if (died !== null) {
      where += ` (${died})`;
      const again = secondKill(place);
      if (again !== null) where += ` and ${again.nth} (${await scene.killAt(again)})`;
      await scene.goOn();
    }
    await expectComplete(scene);
    return null;
  } catch (error) {
    return `${where}: ${errorMessage(error)}`;
  }
}

async function killAtEach(mode: Mode, boundaries: readonly Boundary[]): Promise<readonly string[]> {
  const waiting = boundaries.entries();
  const faults: string[] = [];
  const work = async (): Promise<void> => {
    for (const [place, boundary] of waiting) {
      const fault = await killAt(mode, boundary, place);
      if (fault === null) continue;
      // At once, since the others may take long.
      console.log(fault);
      faults.push(fault);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return faults;
}

describe('a run that is killed where it crosses into the outside', () => {
  it.each(['upsert', 'insert'] as const)('comes out the same, by %s', { timeout }, async (mode) => {
    await using scene = await BoundaryScene.create(database, { mode, name: 'counted' });
    const names = await scene.count();
    await expectComplete(scene);
    const boundaries = choose(names);
    console.log(`${mode}: killed at ${boundaries.length} of ${names.length} boundaries`);
    expect(await killAtEach(mode, boundaries)).toEqual([]);
  });
});
