import { expect, it } from 'vitest';
import type { PipelineEvent } from '../../src/core/events.ts';
import { forecastJson, forecastText } from '../../src/cli/forecast-text.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { latenessOf, noteLateness } from '../../src/run/lateness.ts';
import { temporaryFolder } from '../batch/temporary-folder.ts';
import { createRun } from '../ledger/new-run.ts';

const timed = { provider: 'openai', model: 'm', requests: 7 };
const commit = { cursor: null, counts: { records: 1, read: 1, filtered: 0, skipped: 0 }, failures: [] };
const minute = 60_000;

async function addPast({ forecast }: Ledger, batches: number): Promise<void> {
  for (let index = 1; index <= batches; index += 1) {
    const [batchId, runId, ranOut] = [`old-${index}`, 'old', true];
    await forecast.noteEnded({
      ...timed,
      batchId,
      runId,
      chunk: index,
      createdAt: 0,
      endedAt: 10 * minute,
      ranOut,
    });
  }
}

/** A run whose one batch was created at 0. */
async function submit(ledger: Ledger): Promise<void> {
  await createRun(ledger, 'a');
  await ledger.finishReading('a', {
    ...commit,
    chunk: { chunk: 1, requests: 7, bytes: 1, tokens: 1, sha256: 's' },
  });
  const [chunk] = await ledger.chunks('a');
  if (chunk === undefined) throw new Error('no chunk');
  await ledger.moveChunk(chunk, 'batch_adopted', { batchId: 'b' });
  await ledger.forecast.noteBegun({ ...timed, batchId: 'b', runId: 'a', chunk: 1, createdAt: 0 });
}

async function look(ledger: Ledger, now: number): Promise<readonly PipelineEvent[]> {
  const told: PipelineEvent[] = [];
  await noteLateness(ledger, 'a', (event) => told.push(event), now);
  return told;
}

async function runA(ledger: Ledger) {
  const run = await ledger.run('a');
  if (run === null) throw new Error('no run');
  return run;
}

it('is told once after twice the p90 that was first forecast', async () => {
  await using folder = await temporaryFolder();
  await using ledger = await openLedger(folder.path);
  await addPast(ledger, 20);
  await submit(ledger);
  expect(await look(ledger, minute)).toEqual([]);
  const due = minute + 2 * 9 * minute;
  expect(await ledger.forecast.lateFrom('a')).toBe(due);
  expect(await look(ledger, due)).toEqual([]);
  expect(await look(ledger, due + 1)).toEqual([{ type: 'BecameLate', of: 'forecast', due }]);
  expect(await look(ledger, due + 2)).toEqual([]);
  await ledger.setStatus('a', 'completed', due + 3);
  expect(await latenessOf(ledger, await runA(ledger), due + 4)).toMatchObject({ of: 'forecast', due });
});

it('no run is late by a forecast of fewer than twenty batches', async () => {
  await using folder = await temporaryFolder();
  await using ledger = await openLedger(folder.path);
  await addPast(ledger, 19);
  await submit(ledger);
  expect([await look(ledger, 1), await look(ledger, 100 * minute)]).toEqual([[], []]);
});

it('a deadline that has passed is told once, and by status even where no process noted it', async () => {
  await using folder = await temporaryFolder();
  await using ledger = await openLedger(folder.path);
  await submit(ledger);
  await ledger.auto.noteDeadline('a', 5 * minute);
  expect(await look(ledger, 5 * minute)).toEqual([]);
  const seen = await forecastJson(ledger, await runA(ledger), 6 * minute);
  expect(seen).toEqual({ late: { of: 'deadline', due: '1970-01-01T00:05:00.000Z' } });
  expect(await look(ledger, 6 * minute)).toEqual([{ type: 'BecameLate', of: 'deadline', due: 5 * minute }]);
  expect(await look(ledger, 7 * minute)).toEqual([]);
});

it('status says when a run should be done, and where that cannot be said', async () => {
  await using folder = await temporaryFolder();
  await using ledger = await openLedger(folder.path);
  await submit(ledger);
  expect(await forecastText(ledger, await runA(ledger), minute)).toEqual([]);
  await addPast(ledger, 5);
  expect(await forecastJson(ledger, await runA(ledger), minute)).toEqual({
    forecast: { p50: '1970-01-01T00:10:00.000Z', p90: '1970-01-01T00:10:00.000Z' },
  });
  expect(await forecastText(ledger, await runA(ledger), minute)).toEqual([
    'done by about 00:10Z (at the latest about 00:10Z in nine of ten cases)',
  ]);
  expect(await forecastText(ledger, await runA(ledger), 11 * minute)).toEqual([
    'a batch is under way for longer than any known before, 10:00; when it ends cannot be said',
  ]);
});
