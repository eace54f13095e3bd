import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import type { RunSummary } from '../../src/run/summary.ts';
import { paidLines, readBill } from '../support/bill.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

const most = 20;

export let database: TestDatabase;

let emulator: TestEmulator;

/** A text whose pieces are its sentences: any two of them have more tokens than a piece may. */
export function sentences(name: string, count: number): string {
  return Array.from({ length: count }, (_, index) => sentence(name, index)).join('');
}

function sentence(name: string, index: number): string {
  return `In ${name} number ${index} the old grey cat sleeps on the warm stone. `;
}

export const counts = new Map([
  [1, 4],
  [2, 1],
  [3, 9],
  [4, 3],
  [5, 2],
]);

interface Options {
  readonly transforms?: readonly object[];
  readonly sink?: object;
  readonly source?: object;
}

export async function create({ transforms = [], sink, source }: Options = {}): Promise<PipelineProject> {
  return PipelineProject.create({
    source: { type: 'postgres', url: database.url, table: 'docs', key: 'id', ...source },
    transforms: [{ type: 'split', field: 'body', max_tokens: most }, ...transforms],
    request: {
      endpoint: 'chat',
      model: 'gpt-4o-mini',
      prompt: '{{ chunk_index }} {% if body != blank %}{{ body }}{% endif %}',
    },
    provider: providerAt(emulator.url),
    batch: { ...promptBatch, max_requests: 3 },
    sink: {
      type: 'postgres',
      url: database.url,
      table: 'pieces',
      create: true,
      columns: { body: 'row.body', count: 'row.chunk_count', index: 'key.chunk_index' },
      ...sink,
    },
  });
}

export async function run(project: PipelineProject, ...flags: readonly string[]): Promise<RunSummary> {
  const { stdout, stderr, code } = await project.cli('run', 'pipeline.yaml', '--json', ...flags);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return JSON.parse(stdout) as RunSummary;
}

export async function pieces(): Promise<readonly (readonly [string, number, string, string])[]> {
  const { rows } = await database.client.query<{
    id: string;
    chunk_index: number;
    body: string;
    count: string;
  }>('SELECT id::text, chunk_index, body, count::text FROM pieces ORDER BY pieces.id, chunk_index');
  return rows.map(({ id, chunk_index: index, body, count }) => [id, index, body, count]);
}

export function expected(
  of: ReadonlyMap<number, number>,
): readonly (readonly [string, number, string, string])[] {
  return [...of].flatMap(([id, count]) =>
    Array.from(
      { length: count },
      (_, index) => [String(id), index, sentence(`doc${id}`, index), String(count)] as const,
    ),
  );
}

export const paid = async (): Promise<readonly string[]> => paidLines(await readBill(emulator.dataDir));

/** To be called once by each test file. */
export function useSplit(): void {
  beforeAll(async () => {
    database = await createDatabase();
    emulator = await createEmulator();
  });
  afterAll(async () => {
    await emulator[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await database.client.query('DROP TABLE IF EXISTS docs, pieces, notes');
    await database.client.query('CREATE TABLE docs (id bigint PRIMARY KEY, body text)');
    for (const [id, count] of counts) {
      await database.client.query('INSERT INTO docs VALUES ($1, $2)', [id, sentences(`doc${id}`, count)]);
    }
  });
}
