import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ToldEvent } from '../../../src/core/events.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { openLedger } from '../../../src/ledger/open.ts';
import { temporaryFolder } from '../../batch/temporary-folder.ts';
import { createRun } from '../new-run.ts';

let stack: AsyncDisposableStack;
let folder: string;
let ledger: Ledger;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  folder = stack.use(await temporaryFolder()).path;
  ledger = stack.use(await openLedger(folder));
});
afterEach(() => stack.disposeAsync());

const told = (at: number, runId: string | null = 'a'): ToldEvent => ({
  type: 'RowsRead',
  records: at,
  requested: at,
  at,
  runId,
});

const times = async (runId = 'a', after = 0, of = ledger): Promise<readonly number[]> =>
  (await Array.fromAsync(of.events(runId, after))).map(({ at }) => at);

describe('the log of events', () => {
  it('keeps each run its own, in the order in which they were told', async () => {
    for (const [at, runId] of [
      [5, 'a'],
      [4, 'b'],
      [3, 'a'],
    ] as const)
      await ledger.append(told(at, runId));
    const [first, second] = await Array.fromAsync(ledger.events('a', 0));
    expect(first).toEqual({ ...told(5), seq: 1 });
    expect(second).toEqual({ ...told(3), seq: 3 });
    expect(await times('b')).toEqual([4]);
    expect(await times('a', 1)).toEqual([3]);
  });

  it('is read page after page, while more is written', async () => {
    for (let at = 1; at <= 1100; at += 1) await ledger.append(told(at));
    const seen: number[] = [];
    for await (const { at } of ledger.events('a', 0)) {
      seen.push(at);
      if (at === 1) await ledger.append(told(1101));
    }
    expect(seen).toEqual(Array.from({ length: 1101 }, (_, index) => index + 1));
  });

  it('is there for other processes at once, and for those that come later', async () => {
    await ledger.append(told(1));
    await using other = await openLedger(folder);
    expect(await times('a', 0, other)).toEqual([1]);
  });

  it('waits for no other process that writes, and keeps the order', async () => {
    await ledger.append(told(1));
    {
      using other = new DatabaseSync(join(folder, 'ledger.db'));
      other.exec('BEGIN IMMEDIATE');
      const before = performance.now();
      await ledger.append(told(2));
      await ledger.append(told(3));
      expect(performance.now() - before).toBeLessThan(1000);
      expect(await times()).toEqual([1]);
      other.exec('ROLLBACK');
    }
    await ledger.append(told(4));
    expect(await times()).toEqual([1, 2, 3, 4]);
  });

  it('writes what still waits when the ledger is closed', async () => {
    const closing = await openLedger(folder);
    const other = new DatabaseSync(join(folder, 'ledger.db'));
    other.exec('BEGIN IMMEDIATE');
    await closing.append(told(1));
    other.close();
    await closing[Symbol.asyncDispose]();
    expect(await times()).toEqual([1]);
    // One that comes too late is lost, and no reason to fail.
    await closing.append(told(2));
    expect(await times()).toEqual([1]);
  });

  it('leaves a ledger that is being read as it can be written', async () => {
    await createRun(ledger, 'a');
    const failure = { stage: 'render', code: 'c', message: 'm', attempts: 0, chunk: null } as const;
    const rest = { batchId: null, requestHash: null, request: null };
    const failures = ['x', 'y'].map((customId) => ({ ...failure, ...rest, customId, key: [customId] }));
    const counts = { records: 2, read: 2, filtered: 0, skipped: 0 };
    await ledger.commitReading('a', { chunk: null, cursor: null, counts, failures });
    const seen: string[] = [];
    for await (const { customId } of ledger.failedRows('a')) {
      seen.push(customId);
      await ledger.append(told(seen.length));
      await ledger.addWorkedMs('a', 1);
    }
    expect(seen).toEqual(['x', 'y']);
    expect(await times()).toEqual([1, 2]);
    expect(await ledger.run('a')).toMatchObject({ workedMs: 2 });
  });

  it('forgets what is old, and runs that ended long ago, but nothing of a run that goes on', async () => {
    for (const runId of ['a', 'b', 'c']) await createRun(ledger, runId);
    await ledger.setStatus('a', 'completed', 10);
    await ledger.setStatus('b', 'completed', 30);
    await ledger.setStatus('c', 'waiting', 10);
    for (const runId of ['a', 'b', 'c']) for (const at of [5, 25]) await ledger.append(told(at, runId));
    await ledger.forgetEvents(20);
    expect(await times('a')).toEqual([]);
    expect(await times('b')).toEqual([25]);
    expect(await times('c')).toEqual([5, 25]);
  });
});
