import { expect } from 'vitest';
import { newestRun, run, type Scene } from '../scene.ts';
import type { World } from '../world.ts';
import { notesPipeline, notesScene, rowCount } from './notes.ts';

const gc = ['gc', '--older-than', '0ms'] as const;
const authorization = { authorization: 'Bearer test-key' };

async function remoteFiles(world: World): Promise<readonly string[]> {
  const response = await fetch(`${world.emulator.url}/files`, { headers: authorization });
  const { data } = (await response.json()) as { readonly data: readonly { readonly filename: string }[] };
  return data.map(({ filename }) => filename).sort();
}

async function upload(world: World, name: string): Promise<void> {
  const body = new FormData();
  body.set('purpose', 'batch');
  body.set('file', new File(['{}\n'], name));
  await fetch(`${world.emulator.url}/files`, { method: 'POST', body, headers: authorization });
}

/** `gc`, of a run that has ended and of an upload that a crash left behind. */
const garbage: Scene = {
  ...notesScene,
  name: 'gc',
  emulator: { latencyMs: 0 },
  pipeline: (places) => notesPipeline(places),
  before: async (world) => {
    await world.type(run, 0);
    await upload(world, 'batchline-20200101-000000-abcdef-1-0123456789ab.jsonl');
    await upload(world, 'somebody-elses.jsonl');
  },
  command: () => gc,
  after: async (world) => {
    await world.type(gc, 0);
  },
  expect: async (world) => {
    expect(await remoteFiles(world)).toEqual(['somebody-elses.jsonl']);
    const runId = await newestRun(world);
    expect((await world.project.stateFiles()).filter((file) => file.includes(runId))).toEqual([]);
    expect(await world.runs()).toMatchObject([{ status: 'completed', rows: { ok: rowCount } }]);
    // What was loaded is remembered by the table alone.
    await world.type(run, 0);
    expect((await world.runs()).at(-1)).toMatchObject({ rows: { skipped: rowCount, requested: 0 } });
  },
  about: 40,
};

export const gcScenes: readonly Scene[] = [garbage];
