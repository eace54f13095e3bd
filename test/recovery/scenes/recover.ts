import { rm } from 'node:fs/promises';
import { expect } from 'vitest';
import { answerTo, expectNoPartialFiles, expectPaidOnce, ids, notesCsv, run, type Scene } from '../scene.ts';
import { notesPipeline, notesScene, rowCount } from './notes.ts';

const recover = ['recover', 'pipeline.yaml'] as const;

interface RecoverOptions {
  readonly name: string;
  readonly source: Readonly<Record<string, unknown>>;
  readonly notes: string;
  /** The row numbers that are still in the source when the state folder has been lost. */
  readonly left: readonly string[];
  /** The source's file as it is then. */
  readonly notesLeft: string;
}

/** `recover`, after the state folder was lost while batches were under way. */
function recoverScene({ name, source, notes, left, notesLeft }: RecoverOptions): Scene {
  return {
    ...notesScene,
    name,
    files: { 'notes.csv': notes },
    emulator: {
      latencyMs: 300,
      faults: { rows: [{ fault: 'status', status: 429, custom_ids: ['3'], attempts: 1 }] },
    },
    pipeline: (places) => notesPipeline(places, { source }),
    before: async (world) => {
      await world.type([...run, '--no-wait'], 3);
      await rm(world.project.stateDir, { recursive: true });
      await world.project.write('notes.csv', notesLeft);
    },
    // What is adopted is brought home as by `collect`.
    command: () => [...recover, '--no-wait'],
    after: async (world) => {
      await world.type(recover, 0);
      await world.type(run, 0);
    },
    expect: async (world) => {
      const answers = await world.query<{ answer: string }>(`SELECT answer FROM ${world.places.table}`);
      expect(answers.map(({ answer }) => answer).sort()).toEqual(left.map(answerTo).sort());
      for (const { status, rows } of await world.runs()) {
        expect([status, rows.failed, rows.pending]).toEqual(['completed', 0, 0]);
        expect(rows.ok + rows.skipped).toBe(left.length);
      }
      await expectPaidOnce(world);
      await expectNoPartialFiles(world);
    },
    about: 80,
  };
}

const all = ids(rowCount);
const kept = all.filter((id) => id !== '2' && id !== '5');
/** A key of two columns, which is not found in a custom_id. */
const pairsCsv = (chosen: readonly string[]): string =>
  ['team,id,body', ...chosen.map((id) => `a,${id},note ${id}`), ''].join('\n');

export const recoverScenes: readonly Scene[] = [
  recoverScene({
    name: 'recover',
    source: {},
    notes: notesCsv(rowCount),
    left: all,
    notesLeft: notesCsv(rowCount),
  }),
  recoverScene({
    name: 'recover_vanished',
    source: { key: ['team', 'id'] },
    notes: pairsCsv(all),
    left: kept,
    notesLeft: pairsCsv(kept),
  }),
];
