import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../../src/emulator/random.ts';
import { paidLines, readBill } from '../support/bill.ts';
import { promptAnswer } from '../support/chat-answer.ts';
import { runDuckdb, textsOf } from '../support/duckdb.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject, type CliResult } from '../support/pipeline-process.ts';
import { anyMoment, runKilled } from './killed-run.ts';

const seed = Number(process.env['BATCHLINE_TEST_SEED'] ?? Date.now() % 0x7fff_ffff);
const random = new Random(seed);
const rowCount = 120;
const files = 6;
const kills = 3;

let emulator: TestEmulator;
beforeAll(async () => {
  console.log(`BATCHLINE_TEST_SEED=${seed}`);
  emulator = await createEmulator({ latencyMs: 100 });
});
afterAll(() => emulator[Symbol.asyncDispose]());

const sinks = {
  'a table by upsert': { path: 'out.duckdb', table: 'answers', create: true },
  'a table by insert': { path: 'out.duckdb', table: 'answers', create: true, mode: 'insert' },
  'a Parquet file': { path: 'out.parquet' },
} as const;

const names = Object.keys(sinks) as (keyof typeof sinks)[];

test.each(names)(
  '%s holds each row once after a run was killed again and again',
  { timeout: 120_000 },
  async (name) => {
    const sink = sinks[name];
    await using project = await PipelineProject.create({
      source: { type: 'duckdb', query: `SELECT * FROM 'notes/**/*.parquet'`, key: 'id' },
      request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: `${name}: {{ body }}` },
      provider: providerAt(emulator.url),
      batch: { ...promptBatch, max_requests: rowCount / files },
      sink: { type: 'duckdb', ...sink, columns: { answer: 'text' } },
    });
    await runDuckdb(
      `COPY (SELECT n AS id, 'note ' || n AS body, n % 3 AS part FROM range(1, ${rowCount + 1}) t (n))
       TO '${project.path('notes')}' (FORMAT parquet, PARTITION_BY (part))`,
    );
    const paidBefore = paidLines(await readBill(emulator.dataDir)).length;
    let ended: CliResult | null = null;
    for (let kill = 0; kill < kills && ended === null; kill += 1)
      ended = await runKilled(project, anyMoment(random));
    ended ??= await project.run();
    // A file holds no hashes: who types the command again after the run's end is told that it has ended.
    expect([0, 4]).toContain(ended.code);
    const from = 'table' in sink ? 'answers' : `'${project.path(sink.path)}'`;
    const path = 'table' in sink ? project.path(sink.path) : undefined;
    expect(await textsOf(`SELECT id, answer FROM ${from} ORDER BY id`, path)).toEqual(
      Array.from({ length: rowCount }, (_, index) => [
        String(index + 1),
        promptAnswer(`${name}: note ${index + 1}`),
      ]),
    );
    const paid = paidLines(await readBill(emulator.dataDir)).slice(paidBefore);
    expect([paid.length, new Set(paid).size]).toEqual([rowCount, rowCount]);
    expect((await readdir(project.folder)).sort()).toEqual(
      ['.pipeline', 'notes', sink.path, 'pipeline.yaml'].sort(),
    );
  },
);
