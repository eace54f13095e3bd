import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/emulator/random.ts';
import { paidLines } from '../support/bill.ts';
import { promptAnswer } from '../support/chat-answer.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject, type CliResult } from '../support/pipeline-process.ts';
import { createProxy, type Proxy } from '../support/proxy.ts';
import { failedWith, rewriteResults, type Rewrite } from '../support/result-rewriter.ts';
import { slowCreates } from '../support/slow-creates.ts';
import { anyMoment, earlyMoment, runKilled } from './killed-run.ts';

const seed = Number(process.env['BATCHLINE_TEST_SEED'] ?? Date.now() % 0x7fff_ffff);
const rowCount = 160;
const kills = 6;
/** A run begins many times, on a machine that may be busy. */
const timeout = 300_000;
const ids = Array.from({ length: rowCount }, (_, index) => index + 1);

let database: TestDatabase;
let emulator: TestEmulator;
let proxy: Proxy;
const random = new Random(seed);

/** What is to become of the row of an id, the first that applies. */
function fateOf(id: number): 'filtered' | 'render' | 'request' | 'load' | 'ok' {
  if (id % 10 === 9) return 'filtered';
  if (id % 8 === 0) return 'render';
  if (id % 20 === 5) return 'request';
  return id % 20 === 2 ? 'load' : 'ok';
}

/** Whether the provider fails it the first time in a way that passes. */
function failsFirst(id: number): boolean {
  return id % 3 === 1 && fateOf(id) !== 'request';
}

function withFate(...fates: readonly ReturnType<typeof fateOf>[]): readonly number[] {
  return ids.filter((id) => fates.includes(fateOf(id)));
}

const answered = new Set<number>();
const rewrite: Rewrite = (lines) => {
  const output = [];
  const errors = [];
  for (const line of lines) {
    const id = Number(line.custom_id);
    if (fateOf(id) === 'request') errors.push(failedWith(line, 400, { code: 'bad', message: 'No.' }));
    else if (failsFirst(id) && !answered.has(id)) {
      answered.add(id);
      errors.push(failedWith(line, 429, { code: 'rate_limit_exceeded', message: 'Later.' }));
    } else output.push(line);
  }
  return { output, errors: errors.length === 0 ? null : errors };
};

beforeAll(async () => {
  console.log(`BATCHLINE_TEST_SEED=${seed}`);
  database = await createDatabase();
  emulator = await createEmulator({ latencyMs: 100 });
  const slow = slowCreates(random);
  const rewritten = rewriteResults(emulator.url, rewrite);
  proxy = await createProxy(emulator.url, (request, forward) =>
    slow(request, () => rewritten(request, forward)),
  );
  await database.client.query(`
    CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL, is_open boolean NOT NULL);
    CREATE TABLE answers (id bigint NOT NULL CHECK (id % 20 <> 2), answer text, attempt bigint)`);
  await database.client.query(
    'INSERT INTO notes SELECT * FROM unnest($1::bigint[], $2::text[], $3::boolean[])',
    [
      ids,
      ids.map((id) => (fateOf(id) === 'render' ? '' : `note ${id}`)),
      ids.map((id) => fateOf(id) !== 'filtered'),
    ],
  );
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await emulator[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

/** Runs, and kills, and at last lets it end. */
async function runToTheEnd(project: PipelineProject): Promise<CliResult> {
  for (let kill = 0; kill < kills; kill += 1) {
    const ended = await runKilled(project, kill === 0 ? earlyMoment(random) : anyMoment(random));
    if (ended !== null) return ended;
  }
  return project.run();
}

describe('a run of which rows are filtered, fail, pass later and are refused', () => {
  it('comes out the same however often it is killed', { timeout }, async () => {
    await using project = await PipelineProject.create({
      source: { type: 'postgres', url: database.url, table: 'notes', key: 'id' },
      transforms: [{ type: 'filter', where: 'is_open' }],
      request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
      provider: providerAt(proxy.url),
      batch: { ...promptBatch, max_requests: 16 },
      sink: {
        type: 'postgres',
        url: database.url,
        table: 'answers',
        mode: 'insert',
        columns: { answer: 'text', attempt: 'attempt' },
      },
    });
    const ended = await runToTheEnd(project);
    // Without hashes in the table, who comes again after the end is told that it has ended.
    expect([1, 4]).toContain(ended.code);

    const { rows } = await database.client.query<{ id: string; answer: string; attempt: string }>(
      'SELECT id, answer, attempt FROM answers ORDER BY id',
    );
    expect(rows).toEqual(
      withFate('ok').map((id) => ({
        id: String(id),
        answer: promptAnswer(`note ${id}`),
        attempt: failsFirst(id) ? '2' : '1',
      })),
    );

    const failed = withFate('render', 'request', 'load');
    const status = await project.status();
    expect(status.status).toBe('completed_with_failures');
    expect(status.rows).toEqual({
      records: rowCount,
      read: rowCount,
      filtered: withFate('filtered').length,
      skipped: 0,
      requested: rowCount - withFate('filtered').length,
      ok: withFate('ok').length,
      failed: failed.length,
      pending: 0,
      cleaned: 0,
      truncated: 0,
    });

    const text = await readFile(join(project.stateDir, 'runs', status.run_id, 'failed-rows.jsonl'), 'utf8');
    const recorded = text
      .split('\n')
      .slice(0, -1)
      .map(
        (line) =>
          JSON.parse(line) as { key: string; stage: string; attempts: number; request: string | null },
      )
      .sort((a, b) => Number(a.key) - Number(b.key));
    expect(recorded.map(({ key, stage, attempts }) => [Number(key), stage, attempts])).toEqual(
      failed.map((id) => [id, fateOf(id), attemptsOf(id)]),
    );
    for (const row of recorded.filter(({ stage }) => stage !== 'render'))
      expect(JSON.parse(row.request ?? 'null')).toMatchObject({ custom_id: row.key });

    const paid = Map.groupBy(paidLines(await emulator.bill()), (line) => line);
    const times = [...paid.values()].map((lines) => lines.length);
    const sent = withFate('request', 'load', 'ok');
    expect(times.filter((count) => count === 1)).toHaveLength(sent.filter((id) => !failsFirst(id)).length);
    expect(times.filter((count) => count === 2)).toHaveLength(sent.filter(failsFirst).length);
    expect(Math.max(...times)).toBe(2);
  });
});

function attemptsOf(id: number): number {
  if (fateOf(id) === 'render') return 0;
  return failsFirst(id) ? 2 : 1;
}
