import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { paidLines, readBill } from '../support/bill.ts';
import { promptAnswer } from '../support/chat-answer.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

const rowCount = 1000;
const textCount = 10;
let database: TestDatabase;
let emulator: TestEmulator;

beforeAll(async () => {
  database = await createDatabase();
  await database.client.query(`
    CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL, place text);
    INSERT INTO notes SELECT n, 'text ' || n % ${textCount}, 'place ' || n FROM generate_series(1, ${rowCount}) n`);
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(async () => {
  await database.client.query('DROP TABLE IF EXISTS answers; DROP TABLE IF EXISTS batchline_loads');
  emulator = await createEmulator();
  return () => emulator[Symbol.asyncDispose]();
});

type Block = Readonly<Record<string, unknown>>;

function pipeline({ sink, batch, rest }: { sink?: Block; batch?: Block; rest?: Block } = {}): object {
  return {
    source: { type: 'postgres', url: database.url, table: 'notes', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}', dedupe: true },
    provider: providerAt(emulator.url),
    batch: { ...promptBatch, ...batch },
    sink: {
      type: 'postgres',
      url: database.url,
      table: 'answers',
      create: true,
      columns: { answer: 'text', place: 'row.place', tokens: 'usage.input_tokens', attempt: 'attempt' },
      ...sink,
    },
    ...rest,
  };
}

describe('rows that ask the same', () => {
  it('are paid once and all answered', async () => {
    await using project = await PipelineProject.create(pipeline());
    const { rows } = await project.summary();
    expect(rows).toMatchObject({
      records: rowCount,
      requested: rowCount,
      ok: rowCount,
      failed: 0,
      pending: 0,
    });
    expect(paidLines(await readBill(emulator.dataDir))).toHaveLength(textCount);
    const { rows: answers } = await database.client.query(
      'SELECT id::int, answer, place, tokens > 0 AS paid FROM answers ORDER BY id',
    );
    expect(answers).toEqual(
      Array.from({ length: rowCount }, (_, index) => ({
        id: index + 1,
        answer: promptAnswer(`text ${(index + 1) % textCount}`),
        place: `place ${index + 1}`,
        paid: index < textCount,
      })),
    );
    const second = await project.summary();
    expect(second.rows).toMatchObject({ skipped: rowCount, requested: 0 });
    expect(paidLines(await readBill(emulator.dataDir))).toHaveLength(textCount);
  });
});
