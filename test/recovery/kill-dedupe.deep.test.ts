import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/emulator/random.ts';
import { paidLines, readBill } from '../support/bill.ts';
import { promptAnswer } from '../support/chat-answer.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt } from '../support/emulator.ts';
import { PipelineProject, type CliResult } from '../support/pipeline-process.ts';
import { anyMoment, earlyMoment, runKilled } from './killed-run.ts';

const seed = Number(process.env['BATCHLINE_TEST_SEED'] ?? Date.now() % 0x7fff_ffff);
const rowCount = 240;
const textCount = 40;
const kills = 5;
const random = new Random(seed);
let database: TestDatabase;

beforeAll(async () => {
  console.log(`BATCHLINE_TEST_SEED=${seed}`);
  database = await createDatabase();
  await database.client.query(`
    CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL);
    INSERT INTO notes SELECT n, 'text ' || n % ${textCount} FROM generate_series(1, ${rowCount}) n;
    CREATE TABLE answers (id bigint, answer text)`);
});
afterAll(() => database[Symbol.asyncDispose]());

describe('a run whose rows ask the same and which is killed again and again', () => {
  it('answers every row once and pays every text once', { timeout: 300_000 }, async () => {
    await using emulator = await createEmulator({ latencyMs: 100 });
    await using project = await PipelineProject.create({
      source: { type: 'postgres', url: database.url, table: 'notes', key: 'id' },
      request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}', dedupe: true },
      provider: providerAt(emulator.url),
      batch: { ...promptBatch, max_requests: 8 },
      // Without a unique index, so that a row that was loaded twice would show.
      sink: {
        type: 'postgres',
        url: database.url,
        table: 'answers',
        mode: 'insert',
        columns: { answer: 'text' },
      },
    });
    let ended: CliResult | null = null;
    for (let kill = 0; kill < kills && ended === null; kill += 1) {
      ended = await runKilled(project, kill === 0 ? earlyMoment(random) : anyMoment(random));
    }
    ended ??= await project.run();
    // Who types the command again after the run's end is told that it has ended.
    const toldEnded = ended.code === 4 && ended.stderr.includes('has already bought');
    expect([toldEnded ? 0 : ended.code, ended.stderr]).toEqual([0, expect.any(String)]);
    const { rows } = await database.client.query('SELECT id::int, answer FROM answers ORDER BY answers.id');
    expect(rows).toEqual(
      Array.from({ length: rowCount }, (_, index) => ({
        id: index + 1,
        answer: promptAnswer(`text ${(index + 1) % textCount}`),
      })),
    );
    expect(paidLines(await readBill(emulator.dataDir))).toHaveLength(textCount);
    expect(await project.status()).toMatchObject({
      status: 'completed',
      rows: { requested: rowCount, ok: rowCount, failed: 0, pending: 0 },
    });
    const left = (await project.stateFiles()).filter((name) => /leaders|followers\.db|partial/.test(name));
    expect(left).toEqual([]);
  });
});
