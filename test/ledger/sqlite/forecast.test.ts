import { expect, it } from 'vitest';
import { openLedger } from '../../../src/ledger/open.ts';
import { temporaryFolder } from '../../batch/temporary-folder.ts';
import { createRun } from '../new-run.ts';

const batch = { runId: 'a', chunk: 1, requests: 7, provider: 'openai', model: 'm' };

it('a batch that ran out is a past one of its provider and model, by the last times that were told', async () => {
  await using folder = await temporaryFolder();
  await using ledger = await openLedger(folder.path);
  const { forecast } = ledger;
  await forecast.noteBegun({ ...batch, batchId: '1', createdAt: 100 });
  expect(await forecast.past('openai', 'm')).toEqual([]);
  await forecast.noteEnded({ ...batch, batchId: '1', createdAt: 110, endedAt: 200, ranOut: true });
  await forecast.noteBegun({ ...batch, batchId: '1', createdAt: 150 });
  await forecast.noteEnded({ ...batch, batchId: '2', createdAt: 100, endedAt: 101, ranOut: false });
  await forecast.noteEnded({
    ...batch,
    batchId: '3',
    model: 'n',
    createdAt: 100,
    endedAt: 101,
    ranOut: true,
  });
  expect(await forecast.past('openai', 'm')).toEqual([{ requests: 7, ms: 90 }]);
  expect(await forecast.past('openai emulator', 'm')).toEqual([]);
});

it('what a run awaits is what is sealed or under way, and a glance sums it up', async () => {
  await using folder = await temporaryFolder();
  await using ledger = await openLedger(folder.path);
  await createRun(ledger, 'a');
  expect(await ledger.forecast.awaited('a')).toBeNull();
  const commit = { cursor: null, counts: { records: 1, read: 1, filtered: 0, skipped: 0 }, failures: [] };
  const file = { requests: 7, bytes: 10, tokens: 8, sha256: 's' };
  for (const chunk of [1, 2]) await ledger.commitReading('a', { ...commit, chunk: { chunk, ...file } });
  const [first] = await ledger.chunks('a');
  if (first === undefined) throw new Error('no chunk');
  await ledger.moveChunk(first, 'batch_adopted', { batchId: '1' });
  await ledger.forecast.noteBegun({ ...batch, batchId: '1', createdAt: 100 });
  expect(await ledger.forecast.glance('a', 5)).toEqual({
    requests: 14,
    uploaded: 7,
    downloaded: 0,
    ok: 0,
    failed: 0,
    files: { waiting: 1, running: 1, ended: 0 },
    oldest: [{ name: '1', since: expect.toSatisfy((at) => at === null || at > 0) as number, requests: 7 }],
  });
  expect((await ledger.forecast.glance('a', 0)).oldest).toEqual([]);
  expect(await ledger.forecast.awaited('a')).toEqual({
    provider: 'openai',
    model: 'm',
    isRead: false,
    maxTokens: null,
    batches: [
      { requests: 7, tokens: 8, createdAt: 100 },
      { requests: 7, tokens: 8, createdAt: null },
    ],
  });
});

it('a run becomes late once, and what was first expected stands', async () => {
  await using folder = await temporaryFolder();
  await using ledger = await openLedger(folder.path);
  const { forecast } = ledger;
  expect([await forecast.lateFrom('a'), await forecast.lateness('a')]).toEqual([null, null]);
  await forecast.noteLateFrom('a', 100);
  await forecast.noteLateFrom('a', 200);
  const lateness = { of: 'forecast', due: 100, at: 150 } as const;
  expect(await forecast.noteLate('a', lateness)).toBe(true);
  expect(await forecast.noteLate('a', { of: 'deadline', due: 1, at: 2 })).toBe(false);
  expect([await forecast.lateFrom('a'), await forecast.lateness('a')]).toEqual([100, lateness]);
});
