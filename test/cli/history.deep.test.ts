import { mkdtemp, mkdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { acquireLock } from '../../src/files/exclusive-lock.ts';
import type { FailedRow, FailureStage, Ledger, RunStatus } from '../../src/ledger/ledger.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { runCli } from './run-cli.ts';

const ids = ['20261101-100000-aaaaaa', '20261102-100000-bbbbbb', '20261103-100000-cccccc'] as const;
const name = 'a-pipeline-with-a-name-that-is-as-long-as-names-of-pipelines-are';
let cwd = '';

async function addRun(ledger: Ledger, runId: string, status: RunStatus, startedAt: number): Promise<void> {
  const folder = join(cwd, '.pipeline/runs', runId);
  await mkdir(folder, { recursive: true });
  await ledger.createRun({
    runId,
    pipeline: name,
    kind: 'run',
    fingerprint: 'f',
    fingerprintParts: {},
    folder,
    target: 'public.tags',
    path: join(cwd, 'pipeline.yaml'),
    schema: { fields: [], keyFields: [] },
    startedAt,
  });
  await ledger.setStatus(runId, status, startedAt);
}

beforeAll(async () => {
  cwd = await realpath(await mkdtemp(join(tmpdir(), 'batchline-history-')));
  await using ledger = await openLedger(join(cwd, '.pipeline'));
  const start = Date.parse('2026-11-01T10:00:00Z');
  await addRun(ledger, ids[0], 'completed', start);
  await addRun(ledger, ids[1], 'running', start + 1000);
  await addRun(ledger, ids[2], 'running', start + 2000);
  const failure = { attempts: 1, chunk: null, batchId: null, requestHash: null, request: null };
  const failed = (id: number, stage: FailureStage, code: string): FailedRow => ({
    ...failure,
    customId: `r${id}`,
    key: [`r${id}`],
    stage,
    code,
    message: `about r${id}`,
  });
  await ledger.finishReading(ids[0], {
    chunk: null,
    cursor: null,
    counts: { records: 3, read: 3, filtered: 0, skipped: 0 },
    failures: [
      failed(1, 'render', 'no_prompt'),
      failed(2, 'load', 'not_null'),
      failed(3, 'load', 'not_null'),
    ],
  });
  await ledger.append({ type: 'Warned', message: 'x', runId: ids[2], at: start + 62_000 });
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

describe('a run is named by', () => {
  test('the beginning of its id', async () => {
    const { code, stdout } = await runCli(['status', '20261101', '--json'], { cwd });
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { run_id: ids[0] }]);
  });

  test('no beginning that others share, or none has', async () => {
    const ambiguous = await runCli(['errors', '2026'], { cwd });
    expect(ambiguous).toMatchObject({ code: 2, stderr: expect.stringContaining(ids[1]) });
    const unknown = await runCli(['retry', '2025'], { cwd });
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('no run 2025') });
  });

  test('nothing, where the latest is meant, and it is said which', async () => {
    const { code, stdout, stderr } = await runCli(['errors'], { cwd });
    expect([code, stdout, stderr]).toEqual([0, 'No row failed.\n', `the latest run: ${ids[2]} of ${name}\n`]);
  });
});

test('the history never cuts an id', async () => {
  const { stdout } = await runCli(['runs'], { cwd });
  for (const id of ids) expect(stdout).toContain(`${id}  `);
});

describe('a run whose process died', () => {
  test('is interrupted, since it was last heard of', async () => {
    const { stdout } = await runCli(['status'], { cwd });
    expect(stdout).toContain('interrupted at 2026-11-01T10:01:02Z');
    expect(stdout).toContain(`also unfinished:\n  ${ids[1]}  ${name}  interrupted`);
    const { stdout: json } = await runCli(['status', '--json'], { cwd });
    expect(JSON.parse(json)).toMatchObject([
      { run_id: ids[2], status: 'interrupted', interrupted_at: '2026-11-01T10:01:02.000Z' },
      { run_id: ids[1], status: 'interrupted', interrupted_at: '2026-11-01T10:00:01.000Z' },
      { run_id: ids[0], status: 'completed' },
    ]);
  });

  test('is not one that a process works on', async () => {
    await using lock = await acquireLock(join(cwd, '.pipeline/runs', ids[2], 'owner.lock'));
    expect(lock).not.toBeNull();
    const { stdout } = await runCli(['status', ids[2], '--json'], { cwd });
    expect(JSON.parse(stdout)).toMatchObject({ run_id: ids[2], status: 'running' });
  });
});

describe('why rows failed is told', () => {
  test('in groups, the most frequent first', async () => {
    const { stdout } = await runCli(['errors', ids[0], '--by', 'code'], { cwd });
    expect(stdout).toBe('2 rows  load  not_null  r2: about r2\n1 row  render  no_prompt  r1: about r1\n');
    const { stdout: json } = await runCli(['errors', ids[0], '--by', 'code', '--json'], { cwd });
    expect(JSON.parse(json.split('\n')[0] ?? '')).toMatchObject({ stage: 'load', code: 'not_null', rows: 2 });
  });

  test('with the command that mends it', async () => {
    const { stdout } = await runCli(['status', ids[0]], { cwd });
    expect(stdout).toMatch(/2 rows {2}load {2}not_null {2}about r2/);
    expect(stdout).toMatch(/load: correct .* pipeline retry 20261101-100000-aaaaaa .* free/);
    expect(stdout).toMatch(/render: correct .* pipeline run /);
  });
});
