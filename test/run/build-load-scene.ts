import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import type { RunSummary } from '../../src/run/summary.ts';
import { promptAnswer } from '../support/chat-answer.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

export const rowCount = 60;

const filesExpected = 4;

export let database: TestDatabase;

let emulator: TestEmulator;

let openai: OpenAI;

/** A project with its build made, and with the results of that, each batch's under the names that it has. */
export async function built(sink: object = {}): Promise<PipelineProject> {
  const project = await PipelineProject.create({
    source: { type: 'postgres', url: database.url, table: 'notes', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    // Nothing listens there: neither building nor loading needs a provider.
    provider: { type: 'openai', base_url: 'http://127.0.0.1:1/v1' },
    batch: { max_requests: rowCount / filesExpected },
    sink: {
      type: 'postgres',
      url: database.url,
      table: 'answers',
      create: true,
      columns: { answer: 'text', body: 'row.body' },
      ...sink,
    },
  });
  const { code, stderr } = await project.cli('build', 'pipeline.yaml', '--out', 'out');
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')]);
  return project;
}

/** Carries a request file through the batch API by hand. @returns the lines of its output file */
async function complete(path: string): Promise<readonly string[]> {
  const file = await openai.files.create({ purpose: 'batch', file: createReadStream(path) });
  let batch = await openai.batches.create({
    input_file_id: file.id,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  });
  while (batch.status !== 'completed') batch = await openai.batches.retrieve(batch.id);
  const content = await openai.files.content(batch.output_file_id ?? '');
  return (await content.text()).split('\n').filter((line) => line !== '');
}

async function requestFiles(project: PipelineProject): Promise<readonly string[]> {
  const names = await readdir(project.path('out'));
  return names.filter((name) => name.startsWith('requests-')).map((name) => project.path(`out/${name}`));
}

export async function completeAll(project: PipelineProject): Promise<readonly (readonly string[])[]> {
  return Promise.all((await requestFiles(project)).map(complete));
}

export function jsonLines(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

export async function load(
  project: PipelineProject,
  code: number,
  ...args: readonly string[]
): Promise<RunSummary> {
  const result = await project.cli('load', 'pipeline.yaml', '--json', ...args);
  expect([result.code, result.stderr]).toEqual([code, expect.not.stringMatching(/^error:/m)]);
  return JSON.parse(result.stdout) as RunSummary;
}

export async function loaded(): Promise<ReadonlyMap<string, string>> {
  const { rows } = await database.client.query<{ id: string; answer: string; body: string }>(
    'SELECT id, answer, body FROM answers',
  );
  return new Map(rows.map(({ id, answer, body }) => [id, `${body}: ${answer}`]));
}

export function expected(ids: Iterable<number> = Array.from({ length: rowCount }, (_, index) => index + 1)) {
  return new Map(Array.from(ids, (id) => [`note/${id}`, `body ${id}: ${promptAnswer(`body ${id}`)}`]));
}

/** The custom_id of a key that is no id itself (contract section 2), worked out here a second time. */
function customIdOf(key: string): string {
  return `h_${createHash('sha256').update(key).digest().subarray(0, 16).toString('base64url')}`;
}

/** The n of the row `note/n` that a result line is for. */
export function idOf(line: string): number {
  const { custom_id: customId } = JSON.parse(line) as { custom_id: string };
  return idsByCustomId.get(customId) ?? 0;
}

const idsByCustomId = new Map(
  Array.from({ length: rowCount }, (_, index) => [customIdOf(`note/${index + 1}`), index + 1]),
);

export function overloaded(line: string): string {
  const error = { code: 'overloaded', message: 'The model is overloaded.' };
  return JSON.stringify({ ...JSON.parse(line), response: { status_code: 503, body: { error } } });
}

/** To be called once by each test file. */
export function useBuildLoad(): void {
  beforeAll(async () => {
    database = await createDatabase();
    emulator = await createEmulator();
    openai = new OpenAI({ baseURL: emulator.url, apiKey: 'any', maxRetries: 0 });
  });
  afterAll(async () => {
    await emulator[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await database.client.query(`
      DROP TABLE IF EXISTS notes, answers, batchline_loads;
      CREATE TABLE notes (id text PRIMARY KEY, body text NOT NULL);
      INSERT INTO notes SELECT 'note/' || n, 'body ' || n FROM generate_series(1, ${rowCount}) n`);
  });
}
