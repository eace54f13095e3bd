import { afterAll, beforeAll, expect, test } from 'vitest';
import { promptAnswer } from '../support/chat-answer.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

let database: TestDatabase;
let emulator: TestEmulator;

beforeAll(async () => {
  [database, emulator] = await Promise.all([createDatabase(), createEmulator()]);
});
afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const records = [
  '{"id": 7, "body": "one", "n": 1, "list": [1, {"a": 12345678901234567890}]}',
  '{"id": 7.0, "body": "two", "n": 2.5, "list": null}',
  '{"id": "h", "body": "three", "n": "x", "list": "[1]"}',
];

test.each([
  ['jsonl', records.join('\n'), {}],
  ['json', `{"data": {"items": [${records.join(', ')}]}}`, { pick: 'data.items' }],
])(
  '%s: in a created table keys are text by their source digits, and carried fields are text',
  async (type, text, source) => {
    const table = `answers_${type}`;
    await using project = await PipelineProject.create({
      source: { type, path: 'data', key: 'id', ...source },
      request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
      provider: providerAt(emulator.url),
      batch: promptBatch,
      sink: {
        type: 'postgres',
        url: database.url,
        table,
        create: true,
        columns: { answer: 'text', n: 'row.n', list: 'row.list' },
      },
    });
    await project.write('data', text);
    expect((await project.summary()).rows).toMatchObject({ records: 3, ok: 3 });
    const { rows: columns } = await database.client.query<{ name: string; type: string }>(
      `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 ORDER BY attnum`,
      [table],
    );
    expect(Object.fromEntries(columns.map(({ name, type: sqlType }) => [name, sqlType]))).toMatchObject({
      id: 'text',
      n: 'text',
      list: 'text',
    });
    const { rows } = await database.client.query(
      `SELECT id, answer, n, list FROM ${table} ORDER BY length(answer), id`,
    );
    expect(rows).toHaveLength(3);
    expect(rows).toEqual(
      expect.arrayContaining([
        { id: '7', answer: promptAnswer('one'), n: '1', list: '[1,{"a":12345678901234567890}]' },
        { id: '7.0', answer: promptAnswer('two'), n: '2.5', list: null },
        { id: 'h', answer: promptAnswer('three'), n: 'x', list: '[1]' },
      ]),
    );
  },
);
