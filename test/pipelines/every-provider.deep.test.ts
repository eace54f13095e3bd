import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, type TestEmulator } from '../support/emulator.ts';
import type { PipelineProject } from '../support/pipeline-process.ts';
import { answeredBy, copyExamples, readEmails, runExample } from './example-project.ts';

/** An example runs at any provider, and any way, by `provider.type` and `request.model` alone. */

const modes = ['batch', 'standard', 'auto'] as const;
type Mode = (typeof modes)[number];

const openai = { type: 'openai', chat: 'gpt-4o-mini', embeddings: 'text-embedding-3-small', path: '/v1' };
const gemini = { type: 'gemini', chat: 'gemini-2.5-flash', embeddings: 'gemini-embedding-001', path: '' };
const anthropic = { type: 'anthropic', chat: 'claude-haiku-4-5', path: '' };
const providers = [openai, anthropic, gemini];

/** `auto` sends fewer than 200 of them synchronously, and more than that as a batch. */
const fewRows = 12;
const manyRows = 210;

let emulator: TestEmulator;
let database: TestDatabase;
let project: PipelineProject;

beforeAll(async () => {
  emulator = await createEmulator();
  database = await createDatabase();
  project = await copyExamples({ DATABASE_URL: database.url, ...keys });
  await database.client.query(`
    CREATE TABLE tickets (id bigint PRIMARY KEY, subject text NOT NULL, body text, closed_at timestamptz);
    CREATE TABLE articles (id bigint PRIMARY KEY, title text NOT NULL, body text NOT NULL, published_at date);
    CREATE TABLE article_summaries (article_id bigint PRIMARY KEY, summary text NOT NULL);
    CREATE TABLE documents (id bigint PRIMARY KEY, title text NOT NULL, content text NOT NULL)`);
  const emails = (await readEmails()).slice(0, manyRows);
  await database.client.query(
    `WITH email AS (SELECT * FROM jsonb_to_recordset($1) AS e (subject text, body text, number bigint)),
       ticket AS (INSERT INTO tickets SELECT number, subject, body, now() FROM email),
       article AS (INSERT INTO articles SELECT number, subject, body, '2020-01-01' FROM email LIMIT $2)
     INSERT INTO documents SELECT number, subject, body FROM email LIMIT $2`,
    [JSON.stringify(emails), fewRows],
  );
});

afterAll(async () => {
  await project[Symbol.asyncDispose]();
  await emulator[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const keys = { OPENAI_API_KEY: 'sk-test', ANTHROPIC_API_KEY: 'sk-test', GEMINI_API_KEY: 'sk-test' };

interface Place {
  readonly type: string;
  readonly model: string | undefined;
  readonly path: string;
}

function at({ type, model, path }: Place): readonly string[] {
  const sets = [`provider.type=${type}`, `request.model=${model}`];
  return [...answeredBy(new URL(emulator.url).origin + path), ...sets.flatMap((set) => ['--set', set])];
}

interface Example {
  readonly file: string;
  readonly table: string;
  /** What an answer has become, the same at every provider. */
  readonly columns: string;
  readonly rows: number;
  /** Of which kind the requests are that `auto` makes of so many. */
  readonly auto: 'batch' | 'standard';
  /** The target where the pipeline does not make it. */
  readonly create?: string;
}

/** Runs it into a target of its own, and brings what was loaded. */
async function load(example: Example, place: Place, mode: Mode): Promise<readonly object[]> {
  const { file, rows, create, columns } = example;
  const table = `${example.table}_${place.type}_${mode}`;
  const name = file.replace('.yaml', '');
  if (create !== undefined) await database.client.query(`CREATE TABLE ${table} (${create})`);
  const flags = ['--set', `sink.table=public.${table}`, '--set', `state=.state-${table}`];
  const ran = await runExample(project, `${name}.yaml`, ['--mode', mode, ...flags, ...at(place)]);
  expect(ran.rows).toMatchObject({ ok: rows });
  const way = mode === 'auto' ? example.auto : mode;
  expect(ran.requests).toEqual({ batch: 0, standard: 0, in_doubt: 0, [way]: rows });
  const others = await database.client.query(`SELECT model FROM ${table} WHERE (model LIKE $1) IS NOT TRUE`, [
    `${place.model}%`,
  ]);
  expect(others.rows).toEqual([]);
  const loaded = await database.client.query<object>(`SELECT ${columns} FROM ${table} ORDER BY 1`);
  return loaded.rows;
}

const tags: Example = {
  file: 'nightly-tags.yaml',
  table: 'ticket_tags',
  columns: 'ticket_id, tags, urgency',
  rows: manyRows,
  auto: 'batch',
};

const summaries: Example = {
  file: 'resummarize-archive.yaml',
  table: 'article_summaries',
  columns: 'article_id, summary',
  rows: fewRows,
  auto: 'standard',
  create: 'article_id bigint PRIMARY KEY, summary text, model text, summarized_at timestamptz',
};

const vectors: Example = {
  file: 'embeddings-backfill.yaml',
  table: 'document_embeddings',
  columns: 'document_id, embedding',
  rows: fewRows,
  auto: 'standard',
};

describe.each([tags, summaries])('$file', (example) => {
  it('brings the same answers at every provider, batched or not', async () => {
    const expected = await load(example, { ...openai, model: openai.chat }, 'batch');
    expect(expected).toHaveLength(example.rows);
    for (const provider of providers) {
      for (const mode of modes) {
        if (provider === openai && mode === 'batch') continue;
        expect(await load(example, { ...provider, model: provider.chat }, mode)).toEqual(expected);
      }
    }
  });
});

describe('embeddings-backfill.yaml', () => {
  it('brings the same vectors at each provider that has embeddings, batched or not', async () => {
    // Of as many dimensions as the other has by itself.
    const wide = { ...openai, model: 'text-embedding-3-large' };
    const expected = await load(vectors, wide, 'batch');
    expect(expected).toHaveLength(vectors.rows);
    expect(await load(vectors, wide, 'standard')).toEqual(expected);
    expect(await load(vectors, wide, 'auto')).toEqual(expected);
    for (const mode of modes)
      expect(await load(vectors, { ...gemini, model: gemini.embeddings }, mode)).toEqual(expected);
  });

  it('is refused by validate at Anthropic, at its line and with what can', async () => {
    const place = at({ ...anthropic, model: 'voyage-3' });
    const { code, stderr } = await project.cli('validate', 'pipelines/embeddings-backfill.yaml', ...place);
    expect(code).toBe(2);
    const text = await project.read('pipelines/embeddings-backfill.yaml');
    const line = text.split('\n').findIndex((each) => each.includes('endpoint:')) + 1;
    expect(stderr).toMatch(
      new RegExp(`embeddings-backfill\\.yaml:${line}:\\d+ +request\\.endpoint .*anthropic`),
    );
    expect(stderr).toMatch(/openai.*gemini/);
  });
});
