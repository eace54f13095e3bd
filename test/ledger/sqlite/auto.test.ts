import { expect, it } from 'vitest';
import { openLedger } from '../../../src/ledger/open.ts';
import { temporaryFolder } from '../../batch/temporary-folder.ts';
import { createRun } from '../new-run.ts';

const counts = { records: 2, read: 2, filtered: 0, skipped: 0 };
const file = { requests: 2, bytes: 10, tokens: 8, sha256: 's' };
const measured = { pipeline: 'p', model: 'm', what: 'request' } as const;

it('the median of requests is the middle one of the model’s, to two digits', async () => {
  await using folder = await temporaryFolder();
  await using ledger = await openLedger(folder.path);
  await ledger.auto.addDurations(measured, [100, 2345, 2345]);
  await ledger.auto.addDurations({ ...measured, model: 'other' }, [9, 9, 9, 9]);
  await ledger.auto.addDurations({ ...measured, what: 'cancel' }, [60_400, 50]);
  expect(await ledger.auto.durations('p', 'm')).toEqual({ requestMs: 2300, cancelMs: 60_000 });
  expect(await ledger.auto.durations('q', 'm')).toEqual({ requestMs: null, cancelMs: null });
});

it('the outlook counts what is out, and what is out again', async () => {
  await using folder = await temporaryFolder();
  await using ledger = await openLedger(folder.path);
  await createRun(ledger, 'a');
  const commit = { cursor: null, counts, failures: [] };
  await ledger.commitReading('a', { ...commit, chunk: { chunk: 1, ...file } });
  await ledger.finishReading('a', { ...commit, chunk: { chunk: 2, ...file } });
  expect(await ledger.auto.outlook('a')).toEqual({
    isRead: true,
    requests: 4,
    again: 0,
    out: 4,
    asking: 0,
    inBatches: 0,
    tokensPerRequest: 4,
  });
  await ledger.addRetryChunk('a', { chunk: 3, ...file }, []);
  const [, second] = await ledger.chunks('a');
  if (second === undefined) throw new Error('no second chunk');
  await ledger.moveChunk(second, 'batch_adopted', { batchId: 'b' });
  expect(await ledger.auto.outlook('a')).toMatchObject({ requests: 4, again: 2, out: 6, inBatches: 1 });
});

it('another deadline takes a cut-over back, and the run’s end settles it', async () => {
  await using folder = await temporaryFolder();
  await using ledger = await openLedger(folder.path);
  await createRun(ledger, 'a');
  await ledger.auto.noteDeadline('a', 100);
  await ledger.auto.noteCutOver('a', 90);
  await ledger.auto.noteDeadline('a', 100);
  expect(await ledger.run('a')).toMatchObject({ deadlineAt: 100, cutOverAt: 90, deadlineMet: null });
  await ledger.auto.noteDeadline('a', 200);
  expect(await ledger.run('a')).toMatchObject({ deadlineAt: 200, cutOverAt: null });
  await ledger.setStatus('a', 'waiting', 150);
  await ledger.setStatus('a', 'completed', 201);
  expect(await ledger.run('a')).toMatchObject({ deadlineAt: 200, deadlineMet: false });
  await ledger.auto.noteDeadline('a', 300);
  await ledger.setStatus('a', 'completed', 202);
  expect(await ledger.run('a')).toMatchObject({ deadlineAt: 200, deadlineMet: false });
});
