import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Plan } from '../../src/plan/plan.ts';
import type { Manifest } from '../../src/run/build/build.ts';
import { countTokens } from '../../src/expr/tokens.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

let database: TestDatabase;
const rowCount = 60;

beforeAll(async () => {
  database = await createDatabase();
  await database.client.query(`
    CREATE TABLE notes (id bigint PRIMARY KEY, body text, place text NOT NULL);
    INSERT INTO notes
      SELECT n, repeat('Note ' || n % 7 || ' 中文。 ', 1 + n % 9), 'place ' || n FROM generate_series(1, ${rowCount}) n;
    UPDATE notes SET body = '' WHERE id = 9;
    CREATE TABLE answers (id bigint PRIMARY KEY, text text, model text, request_hash text);`);
});
afterAll(() => database[Symbol.asyncDispose]());

type Block = Readonly<Record<string, unknown>>;

const csvText = [
  'id,body',
  ...Array.from({ length: 50 }, (_, row) => `k${row},"Say ${'so '.repeat(row % 11)}, ""${row % 5}"""`),
].join('\n');

const openai = { type: 'openai', base_url: 'http://127.0.0.1:1/v1' };
const chat = { endpoint: 'chat', model: 'gpt-4o-mini', system: 'Be brief.', prompt: '{{ body }}' };

const pipelines: Readonly<Record<string, (url: string) => Block>> = {
  'a CSV file': () => ({ source: { type: 'csv', path: 'rows.csv', key: 'id' }, batch: { max_requests: 7 } }),
  'a table with a filter and a limit on bytes': () => ({
    transforms: [{ type: 'filter', where: 'size(body) > 20' }],
    batch: { max_bytes: '2kB' },
  }),
  'files by tokens': () => ({ batch: { max_tokens: 150 } }),
  'requests that are the same': () => ({ request: { ...chat, dedupe: true }, batch: { max_requests: 4 } }),
  'records that are split': () => ({
    transforms: [{ type: 'split', field: 'body', max_tokens: 20 }],
    batch: { max_requests: 11 },
    sink: { type: 'jsonl', path: 'out.jsonl' },
  }),
  'keys that stand twice': () => ({
    source: {
      type: 'postgres',
      url: database.url,
      query: 'SELECT id % 40 AS id, body FROM notes',
      key: 'id',
      on_duplicate_key: 'first',
    },
  }),
  'a sink that knows what is unchanged': (url) => ({
    sink: { type: 'postgres', url, table: 'answers' },
  }),
  embeddings: () => ({
    request: { endpoint: 'embeddings', model: 'text-embedding-3-small', input: '{{ body }}' },
    batch: { max_requests: 13 },
  }),
  anthropic: () => ({
    provider: { type: 'anthropic', base_url: 'http://127.0.0.1:1' },
    request: { ...chat, model: 'claude-sonnet-4-5', params: { max_tokens: 40 } },
    batch: { max_requests: 13 },
  }),
  gemini: () => ({
    provider: { type: 'gemini', base_url: 'http://127.0.0.1:1' },
    request: { ...chat, model: 'gemini-2.5-flash' },
    batch: { max_requests: 13 },
  }),
  'one by one': () => ({ mode: 'standard' }),
};

function pipelineOf(changes: Block): Block {
  return {
    source: { type: 'postgres', url: database.url, table: 'notes', key: 'id' },
    request: chat,
    provider: openai,
    sink: { type: 'jsonl', path: 'out.jsonl' },
    ...changes,
  };
}

test.each(Object.keys(pipelines))('the plan of %s is what a build packs', async (name) => {
  await using project = await PipelineProject.create(pipelineOf(pipelines[name]?.(database.url) ?? {}));
  await project.write('rows.csv', csvText);
  const planned = await project.cli('plan', 'pipeline.yaml', '--json', '--exact');
  expect([planned.code, planned.stderr]).toEqual([0, expect.not.stringContaining('error')]);
  const plan = JSON.parse(planned.stdout) as Plan;
  const built = await project.cli('build', 'pipeline.yaml', '--out', 'out');
  expect([built.code, built.stderr]).toEqual([0, expect.not.stringContaining('error')]);
  const manifest = JSON.parse(await readFile(project.path('out/manifest.json'), 'utf8')) as Manifest;
  expect(plan.batches).toEqual(
    manifest.files.map(({ requests, bytes, tokens }) => ({ requests, bytes, tokens })),
  );
  expect(plan.batches.length).toBeGreaterThan(0);
  const [run] = JSON.parse((await project.cli('runs', '--json')).stdout) as readonly { rows: Plan['rows'] }[];
  const { records, read, filtered, skipped, requested, failed } = run?.rows ?? plan.rows;
  expect(plan.rows).toEqual({ records, read, filtered, skipped, requested, failed });
  const sums = await countBuild(project, manifest);
  expect(plan.tokens.input).toBe(sums);
});

/** The rule of the docs, worked out from the files themselves: contents, 4 a message and 3. */
async function countBuild(project: PipelineProject, { files }: Manifest): Promise<number> {
  let sum = 0;
  for (const { chunk } of files) {
    const text = await readFile(project.path(`out/requests-${String(chunk).padStart(5, '0')}.jsonl`), 'utf8');
    for (const line of text.trimEnd().split('\n')) sum += countLine(JSON.parse(line) as Block);
  }
  return sum;
}

function countLine(line: Block): number {
  const body = (line['body'] ?? line['params'] ?? line['request']) as Block;
  const {
    input,
    system,
    messages = [],
    systemInstruction,
    contents = [],
  } = body as {
    input?: string;
    system?: string;
    messages?: readonly { content: string }[];
    systemInstruction?: { parts: readonly { text: string }[] };
    contents?: readonly { parts: readonly { text: string }[] }[];
  };
  if (input !== undefined) return countTokens(input, 'cl100k_base');
  const turns = [...(systemInstruction === undefined ? [] : [systemInstruction]), ...contents];
  const texts = [
    ...(system === undefined ? [] : [system]),
    ...messages.map(({ content }) => content),
    ...turns.map(({ parts }) => parts.map(({ text }) => text).join('')),
  ];
  return texts.reduce((total, text) => total + countTokens(text, 'o200k_base') + 4, 3);
}
