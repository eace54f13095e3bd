import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { promptAnswer } from '../support/chat-answer.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { withDuckdb } from '../support/duckdb.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import {
  asText,
  movies,
  moviesPath,
  spamAssassin,
  type Corpus,
  type CorpusRecord,
  type Scalar,
} from './corpora.ts';

let database: TestDatabase;
let emulator: TestEmulator;

beforeAll(async () => {
  [database, emulator] = await Promise.all([createDatabase(), createEmulator()]);
});
afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

/** How records are written for a source, and what becomes of a value on the way through such a file. */
interface Format {
  readonly source: object;
  write(records: readonly CorpusRecord[]): string;
  held(value: Scalar): Scalar;
}

const formats = {
  csv: {
    source: { type: 'csv' },
    write: (records) =>
      csvText([Object.keys(records[0] ?? {}), ...records.map((each) => Object.values(each))]),
    held: (value) => asText(value) ?? '',
  },
  json: {
    source: { type: 'json', pick: 'data.items' },
    write: (records) => JSON.stringify({ data: { count: records.length, items: records } }, null, 1),
    held: (value) => value,
  },
  jsonl: {
    source: { type: 'jsonl' },
    write: (records) => records.map((each) => `${JSON.stringify(each)}\n`).join(''),
    held: (value) => value,
  },
} satisfies Record<string, Format>;

function csvText(rows: readonly (readonly Scalar[])[]): string {
  return rows.map((row) => `${row.map(csvField).join(',')}\n`).join('');
}

function csvField(value: Scalar): string {
  return `"${(asText(value) ?? '').replaceAll('"', '""')}"`;
}

type Loaded = Readonly<Record<string, Scalar>>;

/** A target, how it is read without batchline, and what becomes of a value in it. */
interface Target {
  sink(name: string): object;
  read(project: PipelineProject, name: string): Promise<readonly Loaded[]>;
  held(value: Scalar): Scalar;
}

function table(mode: 'upsert' | 'insert'): Target {
  return {
    sink: (name) => ({ type: 'postgres', url: database.url, table: name, mode, create: true }),
    read: async (_project, name) => {
      const { rows } = await database.client.query<Record<string, string>>(`SELECT * FROM ${name}`);
      return rows;
    },
    held: asText,
  };
}

/** @param from reads the target, as DuckDB has it */
function duckdb(file: string, sink: object, from: (path: string) => string, database?: string): Target {
  return {
    sink: () => ({ type: 'duckdb', path: file, ...sink }),
    read: (project) =>
      withDuckdb(database === undefined ? undefined : project.path(database), async (connection) => {
        const result = await connection.runAndReadAll(`SELECT * FROM ${from(project.path(file))}`);
        return result.getRowObjects() as unknown as readonly Loaded[];
      }),
    held: asText,
  };
}

const targets = {
  upsert: table('upsert'),
  insert: table('insert'),
  csv: {
    sink: () => ({ type: 'csv', path: 'answers.csv' }),
    read: async (project) =>
      parse(await readFile(project.path('answers.csv')), {
        columns: true,
        cast: (text, { quoting, header }) => (text === '' && !quoting && !header ? null : text),
      }) as unknown as Loaded[],
    held: asText,
  },
  jsonl: {
    sink: () => ({ type: 'jsonl', path: 'answers.jsonl' }),
    read: async (project) => {
      const text = await readFile(project.path('answers.jsonl'), 'utf8');
      return text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Loaded);
    },
    held: (value) => value,
  },
  duckdb: duckdb('answers.duckdb', { table: 'answers', create: true }, () => 'answers', 'answers.duckdb'),
  parquet: duckdb('answers.parquet', {}, (path) => `'${path}'`),
} satisfies Record<string, Target>;

interface Passage {
  readonly corpus: Corpus;
  readonly format: Format;
  readonly target: Target;
  /** Names the table, where the target is one. */
  readonly name: string;
  /** A file to be read as it is, in place of one that is written. */
  readonly path?: string;
}

/** Runs a corpus through a pipeline. @returns the differences between the target and the corpus as it was read here */
async function passThrough(passage: Passage): Promise<readonly string[]> {
  const { corpus, format, target, name, path } = passage;
  const { records } = corpus;
  await using project = await PipelineProject.create(pipelineOf(passage));
  if (path === undefined) await project.write('records', format.write(records));
  const { rows } = await project.summary();
  expect(rows).toMatchObject({ records: records.length, ok: records.length, failed: 0, cleaned: 0 });
  return differences(passage, await target.read(project, name));
}

function pipelineOf({ corpus, format, target, name, path }: Passage): object {
  const columns = Object.entries(corpus.columns).map(([column, field]) => [
    column,
    `row[${JSON.stringify(field)}]`,
  ]);
  const source = path === undefined ? { path: 'records' } : { path, pick: undefined };
  return {
    source: { key: corpus.key, ...format.source, ...source },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: corpus.template },
    provider: providerAt(emulator.url),
    batch: promptBatch,
    sink: { ...target.sink(name), columns: { answer: 'text', ...Object.fromEntries(columns) } },
  };
}

function differences({ corpus, format, target }: Passage, rows: readonly Loaded[]): readonly string[] {
  const { records, key, columns } = corpus;
  const loaded = new Map(rows.map((row) => [String(row[key]), row]));
  const found = rows.length === records.length ? [] : [`${rows.length} rows`];
  for (const [index, record] of records.entries()) {
    const id = key === '_row' ? String(index + 1) : String(record[key]);
    const row = loaded.get(id) ?? {};
    for (const [column, field] of Object.entries(columns)) {
      const held = target.held(format.held(record[field] ?? null));
      if (row[column] !== held) found.push(`${id} ${column}: ${row[column]} instead of ${held}`);
    }
    const answer = answerTo(corpus.prompt(printed(record)));
    if (row['answer'] !== answer) found.push(`${id}: ${row['answer']} instead of ${answer}`);
  }
  return found;
}

/** The values as a template prints them. */
function printed(record: CorpusRecord): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(record).map(([field, value]) => [field, asText(value) ?? '']));
}

/** The same records are answered again and again. */
const answers = new Map<string, string>();

function answerTo(prompt: string): string {
  const known = answers.get(prompt) ?? promptAnswer(prompt);
  answers.set(prompt, known);
  return known;
}

type Pair = readonly [keyof typeof formats, keyof typeof targets];

/** Each source and each sink at least once. */
const pairs: readonly Pair[] = [
  ['csv', 'upsert'],
  ['jsonl', 'insert'],
  ['json', 'csv'],
  ['jsonl', 'jsonl'],
  ['csv', 'duckdb'],
  ['json', 'parquet'],
];
const timeout = 120_000;

describe('the SpamAssassin corpus', { timeout }, () => {
  const corpus = spamAssassin();

  test('is whole', () => {
    expect(corpus.records).toHaveLength(6046);
  });

  test.each(pairs)('comes through %s into %s as it is', async (format, target) => {
    const passage = { corpus, format: formats[format], target: targets[target], name: `mails_${target}` };
    expect(await passThrough(passage)).toEqual([]);
  });
});

describe('the movies', { timeout }, () => {
  const corpus = movies();

  test('come out of the file as it is published', async () => {
    const passage = { corpus, format: formats.json, target: targets.jsonl, name: 'movies', path: moviesPath };
    expect(await passThrough(passage)).toEqual([]);
  });

  test.each(pairs)('come through %s into %s', async (format, target) => {
    const passage = { corpus, format: formats[format], target: targets[target], name: `movies_${target}` };
    expect(await passThrough(passage)).toEqual([]);
  });
});
