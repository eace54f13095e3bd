import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { promptAnswer } from '../support/chat-answer.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { textsOf } from '../support/duckdb.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { parseLines } from './scene.ts';

const flights = join(import.meta.dirname, '../../node_modules/vega-datasets/data/flights-3m.parquet');
const names = ['_row', 'date', 'delay', 'distance', 'origin', 'destination', 'answer'] as const;
const prompt = '{{ date }}|{{ delay }}|{{ distance }}|{{ origin }}|{{ destination }}';

type Row = readonly (string | null)[];

let emulator: TestEmulator;
let database: TestDatabase;
beforeAll(async () => {
  [emulator, database] = await Promise.all([createEmulator(), createDatabase()]);
});
afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

function pipeline(rows: number, sink: object): object {
  const fields = names.slice(1, -1).map((name) => [name, `row.${name}`]);
  return {
    source: { type: 'duckdb', query: `SELECT * FROM '${flights}' LIMIT ${rows}`, key: '_row' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt },
    provider: providerAt(emulator.url),
    batch: promptBatch,
    sink: { ...sink, columns: { ...Object.fromEntries(fields), answer: 'text' } },
  };
}

/** The file's first rows as another reader finds them. */
function firstFlights(rows: number): string {
  return `SELECT file_row_number + 1 AS _row, strftime(date, '%Y-%m-%dT%H:%M:%SZ') AS date, delay, distance, origin, destination
    FROM read_parquet('${flights}', file_row_number = true) WHERE file_row_number < ${rows}`;
}

test('sixty thousand rows of a Parquet file are rendered as they stand in it', async () => {
  const rows = 60_000;
  await using project = await PipelineProject.create(pipeline(rows, { type: 'csv', path: 'out.csv' }));
  const { code, stderr } = await project.cli('build', 'pipeline.yaml', '--out', 'build');
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  const [[expected] = []] = await textsOf(
    `SELECT md5(string_agg(concat_ws('|', _row, date, delay, distance, origin, destination), chr(10) ORDER BY _row))
       FROM (${firstFlights(rows)})`,
  );
  const files = (await readdir(project.path('build'))).filter((name) => name.startsWith('requests-')).sort();
  const hash = createHash('md5');
  let read = 0;
  for (const file of files)
    for await (const line of createInterface({ input: createReadStream(project.path(`build/${file}`)) })) {
      const request = JSON.parse(line) as Request;
      hash.update(`${read === 0 ? '' : '\n'}${request.custom_id}|${request.body.messages[0].content}`);
      read += 1;
    }
  expect([read, hash.digest('hex')]).toEqual([rows, expected]);
});

interface Request {
  readonly custom_id: string;
  readonly body: { readonly messages: readonly [{ readonly content: string }] };
}

const rows = 3000;
const select = (from: string, date: string): string =>
  `SELECT _row, ${date}, delay, distance, origin, destination, answer FROM ${from} ORDER BY 1`;
const isoDate = `strftime(date, '%Y-%m-%dT%H:%M:%SZ')`;

interface Target {
  readonly sink: () => object;
  read(project: PipelineProject): Promise<readonly Row[]>;
}

const targets: Readonly<Record<string, Target>> = {
  'a DuckDB table': {
    sink: () => ({ type: 'duckdb', path: 'out.duckdb', table: 'flights', create: true }),
    read: (project) => textsOf(select('flights', isoDate), project.path('out.duckdb')),
  },
  'a Parquet file': {
    sink: () => ({ type: 'duckdb', path: 'out.parquet' }),
    read: (project) => textsOf(select(`'${project.path('out.parquet')}'`, isoDate)),
  },
  'a Postgres table': {
    sink: () => ({ type: 'postgres', url: database.url, table: 'flights', create: true }),
    async read() {
      const text = `to_char(date, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;
      const found = await database.client.query<(string | null)[]>({
        text: select('flights', text),
        rowMode: 'array',
      });
      return found.rows;
    },
  },
  'a CSV file': {
    sink: () => ({ type: 'csv', path: 'out.csv' }),
    async read(project) {
      const records = parse<Record<string, string>>(await readFile(project.path('out.csv'), 'utf8'), {
        columns: true,
      });
      return byNumber(records);
    },
  },
  'a file of JSON lines': {
    sink: () => ({ type: 'jsonl', path: 'out.jsonl' }),
    read: async (project) => byNumber(parseLines(await readFile(project.path('out.jsonl'), 'utf8'))),
  },
};

function byNumber(records: readonly Readonly<Record<string, unknown>>[]): readonly Row[] {
  return records
    .map((record) => names.map((name) => String(record[name])))
    .sort((a, b) => Number(a[0]) - Number(b[0]));
}

test('flights come from Parquet into every sink, row by row', async () => {
  await using project = await PipelineProject.create();
  const flown = await textsOf(`${firstFlights(rows)} ORDER BY 1`);
  const expected = flown.map((row) => [...row, promptAnswer(row.slice(1).join('|'))]);
  let runId: string | null = null;
  for (const [name, target] of Object.entries(targets)) {
    await project.write('pipeline.yaml', pipeline(rows, target.sink()));
    // The answers are bought once; what was saved of them fills the other sinks.
    runId ??= (await project.summary()).run_id;
    const loaded = await project.cli('load', 'pipeline.yaml', '--run', runId);
    expect([name, loaded.code, loaded.stderr]).toEqual([name, 0, expect.any(String)]);
    expect([name, await target.read(project)]).toEqual([name, expected]);
  }
});
