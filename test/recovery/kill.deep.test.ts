import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/emulator/random.ts';
import type { RunSummary } from '../../src/run/summary.ts';
import { paidAnswers } from '../run/paid-answers.ts';
import { paidLines, readBill } from '../support/bill.ts';
import { promptAnswer } from '../support/chat-answer.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { killSpawnedEmulator } from '../support/spawned-emulator.ts';
import { PipelineProject, type CliResult } from '../support/pipeline-process.ts';
import { slowCreates } from '../support/slow-creates.ts';
import { createProxy, type Proxy } from '../support/proxy.ts';
import { anyMoment, earlyMoment, runKilled } from './killed-run.ts';

const seed = Number(process.env['BATCHLINE_TEST_SEED'] ?? Date.now() % 0x7fff_ffff);
const rowCount = 240;
const filesExpected = 12;
const kills = 5;
/** A run begins many times, on a machine that may be busy. */
const timeout = 300_000;

let database: TestDatabase;
let emulator: TestEmulator;
let proxy: Proxy;
const random = new Random(seed);

beforeAll(async () => {
  console.log(`BATCHLINE_TEST_SEED=${seed}`);
  database = await createDatabase();
  emulator = await createEmulator({ latencyMs: 150 });
  proxy = await createProxy(emulator.url, slowCreates(random));
  await database.client.query(`
    CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL);
    INSERT INTO notes SELECT n, 'note number ' || n FROM generate_series(1, ${rowCount}) n`);
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await emulator[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const sources = {
  table: () => ({ type: 'postgres', url: database.url, table: 'notes', key: 'id' }),
  query: () => ({ type: 'postgres', url: database.url, query: 'SELECT id, body FROM notes', key: 'id' }),
  csv: () => ({ type: 'csv', path: 'notes.csv', key: 'id' }),
} as const;

interface Variant {
  readonly name: string;
  readonly source: keyof typeof sources;
  readonly mode: 'upsert' | 'insert';
  /** Whether the emulator is the run's own and dies with it. */
  readonly ownEmulator?: boolean;
  /** Whether the answers go into a file. */
  readonly isFile?: boolean;
}

const variants: readonly Variant[] = [
  { name: 'a table into a table by upsert', source: 'table', mode: 'upsert' },
  { name: 'a table into a table by insert', source: 'table', mode: 'insert' },
  { name: 'a query into a table by insert', source: 'query', mode: 'insert' },
  { name: 'a CSV file into a table by upsert', source: 'csv', mode: 'upsert' },
  { name: 'a CSV file into a file', source: 'csv', mode: 'insert', isFile: true },
  { name: 'a table, the emulator killed with the run', source: 'table', mode: 'upsert', ownEmulator: true },
];

function sinkOf({ mode, isFile }: Variant, target: string): object {
  const columns = { answer: 'text' };
  if (isFile === true) return { type: 'jsonl', path: 'answers.jsonl', columns };
  return { type: 'postgres', url: database.url, table: target, mode, create: true, columns };
}

async function createProject(variant: Variant, target: string): Promise<PipelineProject> {
  const { source, ownEmulator } = variant;
  const project = await PipelineProject.create({
    source: sources[source](),
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: `${target}: {{ body }}` },
    provider: ownEmulator === true ? { type: 'openai', base_url: 'emulator' } : providerAt(proxy.url),
    batch: { ...promptBatch, max_requests: rowCount / filesExpected },
    sink: sinkOf(variant, target),
  });
  const lines = Array.from({ length: rowCount }, (_, index) => `${index + 1},note number ${index + 1}\n`);
  await project.write('notes.csv', `id,body\n${lines.join('')}`);
  return project;
}

interface AnswerRow {
  readonly id: string;
  readonly answer: string;
}

async function answersIn(project: PipelineProject, variant: Variant, target: string) {
  if (variant.isFile === true) {
    const text = await readFile(project.path('answers.jsonl'), 'utf8');
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as AnswerRow);
  }
  const { rows } = await database.client.query<AnswerRow>(`SELECT id::text, answer FROM ${target}`);
  return rows;
}

function expectComplete(answers: readonly AnswerRow[], target: string): void {
  const expected = Array.from({ length: rowCount }, (_, index) => {
    const id = String(index + 1);
    return { id, answer: promptAnswer(`${target}: note number ${id}`) };
  });
  expect(answers.toSorted((a, b) => Number(a.id) - Number(b.id))).toEqual(expected);
}

/** No line twice, and no line that is not a row's: the bill is exactly the table. */
async function expectPaidOnce(dataDir: string, before: number): Promise<void> {
  const paid = paidLines(await readBill(dataDir)).slice(before);
  expect(paid).toHaveLength(rowCount);
  expect(new Set(paid).size).toBe(rowCount);
}

function completedStatus() {
  return {
    run_id: expect.stringMatching(/^\d{8}-\d{6}-[0-9a-f]{6}$/),
    pipeline: expect.stringContaining('batchline-project') as string,
    status: 'completed',
    rows: {
      records: rowCount,
      read: rowCount,
      filtered: 0,
      skipped: 0,
      requested: rowCount,
      ok: rowCount,
      failed: 0,
      pending: 0,
      cleaned: 0,
      truncated: 0,
    },
    batches: {
      total: filesExpected,
      waiting: 0,
      running: 0,
      completed: filesExpected,
      failed: 0,
      expired: 0,
      cancelled: 0,
      unsettled: 0,
    },
    tokens: { input: expect.any(Number), output: expect.any(Number), cached: 0 },
    requests: { batch: rowCount, standard: 0, in_doubt: 0 },
    cost_usd: expect.any(Number),
    seconds: expect.any(Number),
  };
}

/** The first run: one that was killed after its end is followed by another, which finds nothing to do. */
async function firstRun(project: PipelineProject): Promise<RunSummary> {
  const { stdout } = await project.cli('status', '--json');
  const runs = JSON.parse(stdout) as readonly RunSummary[];
  const first = runs.at(-1);
  if (first === undefined) throw new Error('There is no run.');
  return first;
}

/** What the project's answers cost, each counted once: $0.15 and $0.60 per million tokens, half of it in a batch. */
async function batchCost(project: PipelineProject): Promise<number> {
  const usages = (await paidAnswers(project)).map(({ usage }) => usage as Record<string, number>);
  const sum = (name: string): number => usages.reduce((total, usage) => total + (usage[name] ?? NaN), 0);
  return (sum('prompt_tokens') * 0.15 + sum('completion_tokens') * 0.6) / 2e6;
}

async function expectTidy(project: PipelineProject, runId: string): Promise<void> {
  const files = (await project.stateFiles()).filter((path) => !path.startsWith('emulator/'));
  const numbers = Array.from({ length: filesExpected }, (_, index) => String(index + 1).padStart(5, '0'));
  const expected = [
    'failed-rows.jsonl',
    ...numbers.map((number) => `output-${number}.jsonl.gz`),
    'owner.lock',
    ...numbers.map((number) => `rows-${number}.jsonl`),
  ];
  const ofRun = files.filter((path) => path.startsWith(`runs/${runId}/`));
  // Who was killed at the last moment has left the files beside a database.
  const names = ofRun.map((path) => basename(path)).filter((name) => !name.startsWith('loaded-keys-'));
  expect(names).toEqual(expected);
  const others = files.filter((path) => !ofRun.includes(path)).map((path) => basename(path));
  expect(new Set(others)).toEqual(
    new Set([
      'choosing.lock',
      'ledger.db',
      ...others.filter((name) => /^failed-rows.jsonl$|^owner.lock$/.test(name)),
    ]),
  );
}

describe('a run that is killed again and again', () => {
  it.each(variants)('is complete and paid once: $name', { timeout }, async (variant) => {
    const target = `killed_${variants.indexOf(variant)}`;
    await using project = await createProject(variant, target);
    const dataDir = variant.ownEmulator === true ? `${project.stateDir}/emulator` : emulator.dataDir;
    const paidBefore = paidLines(await readBill(dataDir)).length;
    let ended: CliResult | null = null;
    for (let kill = 0; kill < kills && ended === null; kill += 1) {
      const moment = kill === 0 ? earlyMoment(random) : anyMoment(random);
      ended = await runKilled(project, moment, async () => {
        if (variant.ownEmulator === true) await killSpawnedEmulator(dataDir);
      });
    }
    ended ??= await project.run();
    const run = await firstRun(project);
    // A file holds no hashes: who types the command again after the run's end is told that it has ended.
    const toldEnded = ended.code === 4 && ended.stderr.includes(`Run ${run.run_id} has already bought`);
    expect([toldEnded ? 0 : ended.code, ended.stderr]).toEqual([0, expect.any(String)]);
    expectComplete(await answersIn(project, variant, target), target);
    await expectPaidOnce(dataDir, paidBefore);
    expect(run).toEqual(completedStatus());
    expect(run.cost_usd).toBeCloseTo(await batchCost(project), 12);
    await expectTidy(project, run.run_id);
    const beside = await readdir(project.folder);
    expect(beside.filter((name) => !['.pipeline', 'pipeline.yaml', 'notes.csv'].includes(name))).toEqual(
      variant.isFile === true ? ['answers.jsonl'] : [],
    );
  });
});
