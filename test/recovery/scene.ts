import { expect } from 'vitest';
import type { RunSummary } from '../../src/run/summary.ts';
import { boughtTwice } from '../support/batches-of.ts';
import { promptAnswer } from '../support/chat-answer.ts';
import type { Boundary, World, WorldOptions } from './world.ts';

/** A command that is killed, and what makes up for it. */
export interface Scene extends WorldOptions {
  /** Names the scene; with underscores, since tables are called after it. */
  readonly name: string;
  /** What has happened before. */
  readonly before?: (world: World) => Promise<void>;
  /** The command that is killed. */
  readonly command: (world: World) => readonly string[] | Promise<readonly string[]>;
  /** What at least one of the kills must leave behind, so that the scene tries what it is there for. */
  readonly leaves?: (world: World) => Promise<boolean>;
  /** What is typed afterwards, until all is well. */
  readonly after: (world: World) => Promise<void>;
  /** What holds in the end. @throws where it does not */
  readonly expect: (world: World) => Promise<void>;
  /** About how many boundaries the command crosses, for a choice without counting them first. */
  readonly about: number;
  /** Boundaries that are always tried. */
  readonly always?: readonly Boundary[];
  /** Where most is at stake: of each of these doors some crossing is always tried. */
  readonly doors?: readonly string[];
}

export const run = ['run', 'pipeline.yaml'] as const;
export const collect = ['collect', '--quiet'] as const;

/** Types `run` again: without hashes in the target, who comes after the run's end is told that it has ended. */
export async function runAgain(world: World): Promise<void> {
  const { code, stderr } = await world.type(run, 0, 4);
  if (code === 4 && !stderr.includes('has already bought')) throw new Error(`exit 4, not 0: ${stderr}`);
}

/** The id of the newest run. */
export async function newestRun(world: World): Promise<string> {
  const newest = (await world.runs()).at(-1);
  if (newest === undefined) throw new Error('There is no run in the ledger.');
  return newest.run_id;
}

export const ids = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => String(index + 1));

/** What the emulator answers for a note. */
export const answerTo = (id: string): string => promptAnswer(`note ${id}`);

/** `id,body` and a line a note. */
export function notesCsv(count: number): string {
  return ['id,body', ...ids(count).map((id) => `${id},note ${id}`), ''].join('\n');
}

/** Every row is answered and nothing was bought in vain. */
export async function expectPaidOnce(world: World): Promise<void> {
  expect(boughtTwice(await world.batches()).join('\n')).toBe('');
}

/** The run's status and its counts, of which those that are left out are 0. */
export function expectCounts(
  { status, rows }: RunSummary,
  wanted: RunSummary['status'],
  counts: Partial<RunSummary['rows']>,
): void {
  const none = {
    records: 0,
    read: 0,
    filtered: 0,
    skipped: 0,
    requested: 0,
    ok: 0,
    failed: 0,
    pending: 0,
    cleaned: 0,
    truncated: 0,
  };
  expect([status, rows]).toEqual([wanted, { ...none, ...counts }]);
}

/** The counts of a run all of whose rows were answered. */
export function allOk(count: number): Partial<RunSummary['rows']> {
  return { records: count, read: count, requested: count, ok: count };
}

/** The rows of the target table, in order of their ids. */
export function tableRows(world: World): Promise<readonly Record<string, unknown>[]> {
  return world.query(`SELECT id::text, answer FROM ${world.places.table} AS target ORDER BY target.id::int`);
}

export async function expectNoPartialFiles(world: World): Promise<void> {
  expect((await world.project.stateFiles()).filter((file) => file.endsWith('.partial'))).toEqual([]);
}
