import { availableParallelism } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorMessage } from '../../src/core/errors.ts';
import { Random } from '../../src/emulator/random.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import type { Scene } from './scene.ts';
import { createNotes } from './scenes/run.ts';
import { World, type Boundary } from './world.ts';

/** Which boundaries are tried, where not all are. */
const seed = Number(process.env['BATCHLINE_TEST_SEED'] ?? Date.now() % 0x7fff_ffff);
const random = new Random(seed);
/** Of two processes, the one waits for the provider while the other works. */
const atOnce = 2 * availableParallelism();

/** At how many boundaries of a scene: beside those that are always tried, at one of each door, and at some others. */
export type Wanted = 'all' | { readonly doors: boolean; readonly others: number };

/** The scenes of which a kill has left behind what it must. */
const left = new Set<string>();

let database: TestDatabase;

/** Lets the command of a scene come to its end. @returns the boundaries that it crossed */
async function count(scene: Scene): Promise<readonly string[]> {
  await using world = await World.create(database, `${scene.name}_counted`, scene);
  await scene.before?.(world);
  const names = await world.crossings(await scene.command(world));
  await scene.after(world);
  await scene.expect(world);
  return names;
}

function pickOf(door: string, names: readonly string[]): Boundary {
  const crossed = names.filter((name) => name.startsWith(door)).length;
  if (crossed === 0) throw new Error(`No boundary is called ${door} any more.`);
  return { door, nth: 1 + random.below(crossed) };
}

async function choose(scene: Scene, wanted: Wanted): Promise<readonly Boundary[]> {
  if (wanted === 'all') {
    const names = await count(scene);
    console.log(`${scene.name}: killed at ${names.length} boundaries`);
    return names.map((_, index) => ({ door: '', nth: index + 1 }));
  }
  const { always = [], doors = [], about } = scene;
  const others = Array.from({ length: wanted.others }, () => ({ door: '', nth: 1 + random.below(about) }));
  if (!wanted.doors || doors.length === 0) return [...always, ...others];
  const names = await count(scene);
  return [...always, ...doors.map((door) => pickOf(door, names)), ...others];
}

/** One time in four, what goes on is killed as well, somewhere on its way. */
function secondKill({ about }: Scene, place: number): Boundary | null {
  const random = new Random(seed + place);
  return random.below(4) > 0 ? null : { door: '', nth: 1 + random.below(about) };
}

/** @returns where the command died and what was wrong in the end, or null */
async function killAt(scene: Scene, boundary: Boundary, place: number): Promise<string | null> {
  let where = `${scene.name} ${boundary.door} ${boundary.nth}`;
  try {
    await using world = await World.create(database, `${scene.name}_${place}`, scene);
    await scene.before?.(world);
    const command = await scene.command(world);
    const died = await world.killAt(command, boundary);
    if (died !== null) {
      where += ` (${died})`;
      if ((await scene.leaves?.(world)) === true) left.add(scene.name);
      const again = secondKill(scene, place);
      if (again !== null) where += ` and ${again.nth} (${await world.killAt(command, again)})`;
    }
    await scene.after(world);
    await scene.expect(world);
    return null;
  } catch (error) {
    return `${where}: ${told(error)}`;
  }
}

/** An assertion's message leaves out what was found. */
function told(error: unknown): string {
  const found =
    error instanceof Error && 'actual' in error ? `\n  found: ${JSON.stringify(error.actual)}` : '';
  return errorMessage(error) + found;
}

async function killAtEach(scene: Scene, boundaries: readonly Boundary[]): Promise<readonly string[]> {
  const waiting = boundaries.entries();
  const faults: string[] = [];
  const work = async (): Promise<void> => {
    for (const [place, boundary] of waiting) {
      const fault = await killAt(scene, boundary, place);
      if (fault === null) continue;
      // At once, since the others may take long.
      console.log(fault);
      faults.push(fault);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  if (scene.leaves !== undefined && !left.has(scene.name)) faults.push('No kill left behind what it must.');
  return faults;
}

/**
 * A command is killed at boundaries between an intent, its effect and its outcome, and what a user would type then is
 * typed. To be called once by a test file.
 */
export function describeKills(scenes: readonly Scene[], wanted: Wanted): void {
  beforeAll(async () => {
    console.log(`BATCHLINE_TEST_SEED=${seed}`);
    database = await createDatabase();
    await database.client.query(createNotes);
  });
  afterAll(() => database[Symbol.asyncDispose]());

  const timeout = wanted === 'all' ? 4 * 3_600_000 : 600_000;
  describe('a command that is killed where it crosses into the outside', () => {
    it.each(scenes)('is made up for: $name', { timeout }, async (scene) => {
      const faults = await killAtEach(scene, await choose(scene, wanted));
      // As one text: a list would be cut short where it is shown.
      expect(faults.join('\n')).toBe('');
    });
  });
}
