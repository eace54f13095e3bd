import { createServer } from 'node:http';
import { mkdir, readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { createPasswordServer } from '../support/password-server.ts';
import { PipelineProject, type CliResult } from '../support/pipeline-process.ts';

let database: TestDatabase;
let emulator: TestEmulator;

beforeAll(async () => {
  database = await createDatabase();
  emulator = await createEmulator({ apiKey: 'test-key' });
  await database.client.query(`
    CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL, code text);
    INSERT INTO notes VALUES (1, 'one', 'a'), (2, 'two', 'b'), (3, 'three', 'a');
    CREATE TABLE empty_notes (id bigint PRIMARY KEY, body text);
    CREATE TABLE nullable (id bigint, body text);
    INSERT INTO nullable VALUES (1, 'one'), (NULL, 'two');
    CREATE TABLE no_index (id bigint, answer text);
    CREATE TABLE strict (id bigint PRIMARY KEY, answer text, reviewer text NOT NULL);
    CREATE TABLE plain (id bigint PRIMARY KEY, answer text)`);
});

afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await database.client.query('DROP TABLE IF EXISTS answers');
});

type Block = Readonly<Record<string, unknown>>;

interface Parts {
  readonly source?: Block;
  readonly request?: Block;
  readonly provider?: Block;
  readonly sink?: Block;
  readonly state?: string;
}

/** A pipeline in which all is well, but for what is passed; a key that is undefined is left out. */
function pipeline({ source, request, provider, sink, state }: Parts): object {
  return {
    source: source ?? { type: 'postgres', url: database.url, table: 'notes', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}', ...request },
    provider: { ...providerAt(emulator.url), ...provider },
    batch: promptBatch,
    sink: {
      type: 'postgres',
      url: database.url,
      table: 'answers',
      create: true,
      columns: { answer: 'text' },
      ...sink,
    },
    state,
  };
}

/** Runs it and expects one line that says what is wrong, and that nothing came of it. */
async function refused(project: PipelineProject, hints = 1): Promise<string> {
  const result = await project.run();
  const message = onlyError(result, hints);
  expect(result.code).toBe(2);
  expect(await emulator.bill()).toEqual([]);
  for (const table of ['answers', 'no_index', 'strict', 'plain']) expect(await rowsOf(table)).toBe(0);
  return message;
}

function onlyError({ stdout, stderr }: CliResult, hints = 1): string {
  const lines = stderr.split('\n');
  expect(stdout).toBe('');
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(stderr).not.toContain('defect');
  expect(lines.filter((line) => line.startsWith('error: '))).toHaveLength(1);
  expect(lines.filter((line) => line.startsWith('hint: '))).toHaveLength(hints);
  return lines.filter((line) => /^(error|hint): /.test(line)).join('\n');
}

async function rowsOf(table: string): Promise<number> {
  const { rows } = await database.client.query<{ found: boolean }>(
    'SELECT to_regclass($1) IS NOT NULL AS found',
    [table],
  );
  return rows[0]?.found === true ? ((await database.client.query(`SELECT FROM ${table}`)).rowCount ?? 0) : 0;
}

interface Case {
  readonly name: string;
  readonly parts: () => Parts;
  readonly says: RegExp;
  readonly hints?: number;
}

const table = (name: string): Block => ({ type: 'postgres', url: database.url, table: name, key: 'id' });
const query = (text: string): Block => ({ type: 'postgres', url: database.url, query: text, key: 'id' });

const cases: readonly Case[] = [
  {
    name: 'no database',
    parts: () => ({ source: { ...table('notes'), url: 'postgres://bob:hunter22@127.0.0.1:1/shop' } }),
    says: /127\.0\.0\.1:1\/shop[^]*hint: .*server/,
  },
  {
    name: 'no database for the answers',
    parts: () => ({ sink: { url: 'postgres://bob:hunter22@127.0.0.1:1/shop' } }),
    says: /127\.0\.0\.1:1\/shop[^]*hint: .*server/,
  },
  {
    name: 'a missing table',
    parts: () => ({ source: table('note') }),
    says: /there is no table note[^]*Did you mean "?notes"?\?/,
  },
  {
    name: 'a missing key column',
    parts: () => ({ source: { ...table('notes'), key: 'idd' } }),
    says: /no column "idd"[^]*Did you mean "id"\?/,
  },
  {
    name: 'a missing column',
    parts: () => ({ source: { ...table('notes'), columns: ['id', 'boddy'] } }),
    says: /no column "boddy"[^]*Did you mean "body"\?/,
  },
  {
    name: 'a broken query',
    parts: () => ({ source: query('SELECT 1 AS id FRM notes') }),
    says: /cannot read the query: syntax error at or near/,
    // The server has given none.
    hints: 0,
  },
  {
    name: 'a null key',
    parts: () => ({ source: table('nullable') }),
    says: /\bid\b.*null|null.*\bid\b/i,
  },
  {
    name: 'a duplicate key',
    parts: () => ({ source: query('SELECT code AS id, body FROM notes ORDER BY notes.id') }),
    says: /Two rows have the key "a": .*record 1.* and .*record 3/,
  },
  {
    name: 'a duplicate key of a table without a unique index',
    parts: () => ({ source: { ...table('notes'), key: 'code' } }),
    says: /Two rows have the key "a"/,
  },
  {
    name: 'a target without the unique index',
    parts: () => ({ sink: { table: 'no_index' } }),
    says: /no unique index on exactly \(id\)[^]*CREATE UNIQUE INDEX/,
  },
  {
    name: 'a NOT NULL column that nothing fills',
    parts: () => ({ sink: { table: 'strict' } }),
    says: /reviewer/,
  },
  {
    name: 'a target column that is not there',
    parts: () => ({ sink: { table: 'plain', columns: { anser: 'text' } } }),
    says: /anser[^]*answer/,
  },
  {
    name: 'a missing target table',
    parts: () => ({ sink: { table: 'nowhere', create: false } }),
    says: /nowhere[^]*create: true/,
  },
  {
    name: 'a model that the provider does not have',
    parts: () => ({ request: { model: 'no-such-model' } }),
    says: /has no model "no-such-model"[^]*gpt-4o-mini/,
  },
  {
    name: 'a text of the schema for whole numbers',
    parts: () => ({
      request: {
        output: {
          schema: {
            type: 'object',
            properties: { score: { type: 'string' } },
            required: ['score'],
            additionalProperties: false,
          },
        },
      },
      sink: { columns: { answer: { value: 'json.score', type: 'int' } } },
    }),
    says: /has column "answer" of type integer, and `json\.score` brings values such as "An answer in words"/,
  },
  {
    name: 'a missing CSV file',
    parts: () => ({ source: { type: 'csv', path: 'nowhere.csv', key: 'id' } }),
    says: /nowhere\.csv/,
  },
  {
    name: 'a CSV file that is a folder',
    parts: () => ({ source: { type: 'csv', path: 'folder', key: 'id' } }),
    says: /folder/,
  },
  {
    name: 'a CSV file with a record too long',
    parts: () => ({ source: { type: 'csv', path: 'long.csv', key: 'id' } }),
    says: /long\.csv:3/,
  },
  {
    name: 'a CSV file with an open quote',
    parts: () => ({ source: { type: 'csv', path: 'quote.csv', key: 'id' } }),
    says: /quote\.csv:3/,
  },
  {
    name: 'a CSV file with a key twice',
    parts: () => ({ source: { type: 'csv', path: 'twice.csv', key: 'id' } }),
    says: /Two rows have the key "1": .*twice\.csv:2.* and .*twice\.csv:4/,
  },
  {
    name: 'a state folder that cannot be made',
    parts: () => ({ state: 'long.csv/state' }),
    says: /state folder[^]*long\.csv/,
  },
  {
    name: 'a wrong API key',
    parts: () => ({ provider: { api_key: 'sk-wrong-key-0000' } }),
    says: /key/i,
  },
];

describe('a run with', () => {
  it.each(cases)('$name says so and does nothing', async ({ parts, says, hints }) => {
    await using project = await PipelineProject.create(pipeline(parts()));
    await mkdir(project.path('folder'));
    await project.write('long.csv', 'id,body\n1,one\n2,two,too,many\n');
    await project.write('quote.csv', 'id,body\n1,one\n2,"two\n');
    await project.write('twice.csv', 'id,body\n1,one\n2,two\n1,three\n');
    const message = await refused(project, hints);
    expect(message).toMatch(says);
    expect(message).not.toMatch(/hunter22|sk-wrong-key-0000/);
  });

  it('names that the source does not have lists all of them, with their places', async () => {
    const request = { prompt: 'Say {{ boddy }}', system: '{{ cod }}' };
    const sink = { columns: { answer: 'row.boddy', model: 'model' } };
    await using project = await PipelineProject.create();
    await project.write('pipeline.yaml', JSON.stringify(pipeline({ request, sink }), null, 2));
    const { code, stdout, stderr } = await project.run();
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/:11:23 {2}request\.prompt {2}"boddy" is no field .*did you mean body\?/),
      expect.stringMatching(/:12:19 {2}request\.system {2}"cod" is no field .*did you mean code\?/),
      expect.stringMatching(/ {2}sink\.columns\.answer {2}the source has no "boddy" .*did you mean body\?/),
    ]);
    expect(await emulator.bill()).toEqual([]);
  });

  it('a wrong password says so and shows it nowhere', async () => {
    await using server = await createPasswordServer();
    const url = `postgres://bob:hunter22@127.0.0.1:${server.port}/shop`;
    await using project = await PipelineProject.create(
      pipeline({ source: { ...table('notes'), url: '${SHOP_URL}' } }),
    );
    project.env = { SHOP_URL: url };
    const message = await refused(project);
    expect(message).toMatch(/password authentication failed for user "bob"[^]*hint: .*password/);
    const debug = await project.run('--log-level', 'debug');
    const files = await Promise.all(
      (await project.stateFiles()).map((path) => readFile(`${project.stateDir}/${path}`, 'latin1')),
    );
    for (const text of [message, debug.stderr, debug.stdout, ...files])
      expect(text).not.toContain('hunter22');
  });

  it.each([
    ['404', 404, 'application/json', '{"error":"no such page"}'],
    ['a web page', 200, 'text/html', '<!doctype html><title>Welcome</title>'],
  ])('a base_url that answers %s says so and does nothing', async (_name, status, type, body) => {
    const server = createServer((_request, response) => {
      response.writeHead(status, { 'content-type': type }).end(body);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    await using project = await PipelineProject.create(
      pipeline({ provider: { base_url: `http://127.0.0.1:${port}/v1` } }),
    );
    expect(await refused(project)).toMatch(/127\.0\.0\.1|base_url/);
    server.close();
  });
});

describe('an empty source', () => {
  it('is no error', async () => {
    await using project = await PipelineProject.create(pipeline({ source: table('empty_notes') }));
    const { code, stdout } = await project.run();
    expect(code).toBe(0);
    expect(stdout).toContain('The source has no rows; nothing was sent.');
    expect(await emulator.bill()).toEqual([]);
  });
});
