import { mkdir, readdir, readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { answerTo, expectNoPartialFiles, ids, tableRows, type Scene } from '../scene.ts';
import type { World } from '../world.ts';
import { linesOf, quoted } from './files.ts';
import { notesPipeline, notesScene, rowCount, rowsPerFile } from './notes.ts';

const build = ['build', 'pipeline.yaml', '--out', 'out'] as const;
const load = ['load', 'pipeline.yaml', '--results', 'results'] as const;

interface RequestLine {
  readonly custom_id: string;
  readonly body: { readonly messages: readonly { readonly content: string }[] };
}

/** Answers the build's files, a results file each, as another program would. */
async function answerAll(world: World): Promise<void> {
  await mkdir(world.project.path('results'), { recursive: true });
  for (const name of await requestFiles(world)) {
    const lines = (await world.read(`out/${name}`)).split('\n').slice(0, -1);
    const answers = lines.map((line) => answered(JSON.parse(line) as RequestLine));
    await world.project.write(`results/${name.replace('requests', 'output')}`, answers.join(''));
  }
}

function answered({ custom_id, body }: RequestLine): string {
  const id = body.messages.at(-1)?.content.replace('note ', '') ?? '';
  const message = { role: 'assistant', content: answerTo(id) };
  const choices = [{ index: 0, message, finish_reason: 'stop' }];
  const response = { status_code: 200, request_id: 'r', body: { model: 'm', choices } };
  return `${JSON.stringify({ id: 'x', custom_id, response, error: null })}\n`;
}

async function requestFiles(world: World): Promise<readonly string[]> {
  const names = await readdir(world.project.path('out'));
  return names.filter((name) => name.startsWith('requests-')).sort();
}

/** `build`, after which the files are answered and loaded. */
const building: Scene = {
  ...notesScene,
  name: 'build',
  emulator: {},
  command: () => build,
  after: async (world) => {
    const { code, stderr } = await world.type(build, 0, 2);
    if (code === 2) expect(stderr).toContain('holds a build already');
  },
  expect: async (world) => {
    const manifest = JSON.parse(await readFile(world.project.path('out/manifest.json'), 'utf8')) as {
      readonly files: readonly unknown[];
    };
    const files = await requestFiles(world);
    expect(files).toHaveLength(Math.ceil(rowCount / rowsPerFile));
    expect(manifest.files).toHaveLength(files.length);
    expect((await readdir(world.project.path('out'))).filter((name) => name.endsWith('.partial'))).toEqual(
      [],
    );
    await answerAll(world);
    await world.type(load, 0);
    await expectLoaded(world);
    // A build that was broken off is not left under way for ever.
    for (const { status } of await world.runs()) expect(['completed', 'cancelled']).toContain(status);
  },
  about: 50,
};

async function expectLoaded(world: World): Promise<void> {
  expect(await tableRows(world)).toEqual(ids(rowCount).map((id) => ({ id, answer: answerTo(id) })));
  expect((await world.runs()).at(-1)).toMatchObject({
    status: 'completed',
    rows: { requested: rowCount, ok: rowCount, failed: 0, pending: 0 },
  });
  await expectNoPartialFiles(world);
}

async function buildAndAnswer(world: World): Promise<void> {
  await world.type(build, 0);
  await answerAll(world);
}

/** `load --results` into a table without a unique index, so that an answer loaded twice would show. */
const inserting: Scene = {
  ...notesScene,
  name: 'load_results_insert',
  emulator: {},
  createTable: (table) => `CREATE TABLE ${table} (id text, answer text, attempt int)`,
  pipeline: (places) => notesPipeline(places, { sink: { mode: 'insert', create: false } }),
  before: buildAndAnswer,
  command: () => load,
  after: async (world) => {
    await world.type(load, 0);
  },
  expect: expectLoaded,
  about: 30,
};

/** `load --results` into a file. */
const writing: Scene = {
  ...inserting,
  name: 'load_results_csv',
  createTable: undefined,
  pipeline: (places) => {
    const sink = { type: 'csv', url: undefined, table: undefined, create: undefined, path: 'answers.csv' };
    return notesPipeline(places, { sink: { ...sink, columns: { answer: 'text' } } });
  },
  expect: async (world) => {
    const wanted = ids(rowCount).map((id) => `${id},${quoted(answerTo(id))}`);
    expect(await linesOf(world, 'answers.csv')).toEqual(['id,answer', ...wanted].sort());
    await expectNoPartialFiles(world);
  },
};

export const buildScenes: readonly Scene[] = [building, inserting, writing];
