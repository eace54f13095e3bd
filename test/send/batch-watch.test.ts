import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RemoteBatch } from '../../src/core/batch-side.ts';
import { wholePass } from '../../src/job/job.ts';
import { BatchWatch } from '../../src/send/batched/batch-watch.ts';
import { chunkRecord } from '../batch/chunk-record.ts';

const minute = 60_000;
const hour = 60 * minute;
const start = Date.UTC(2026, 0, 1);
const chunk = chunkRecord({ chunk: 1, batchId: 'batch-1', state: 'submitted' });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: start });
});
afterEach(() => {
  vi.useRealTimers();
});

const never = (): never => {
  throw new Error('not asked for');
};

/** A batch that was to end when its watch began, and the watch of it. */
function watched(late: 'cancel' | 'wait', waits = true, ends = false) {
  const cancels: number[] = [];
  const shown = { status: 'in_progress' as RemoteBatch['status'], completed: 0 };
  const show = async (): Promise<RemoteBatch> => ({
    id: 'batch-1',
    status: shown.status,
    rawStatus: shown.status,
    label: null,
    input: null,
    results: [],
    refusal: null,
    createdAt: start - 24 * hour,
    expiresAt: start,
    endedAt: null,
    counts: { total: 100, completed: shown.completed, failed: 0 },
  });
  const watch = new BatchWatch({
    batches: {
      knownBy: 'input',
      limits: {
        maxRequests: 1,
        maxBytes: 1,
        maxEmbeddingInputs: 1,
        maxEnqueuedInputs: 1,
        maxBatchesAnHour: 1,
      },
      create: never,
      list: never,
      fetch: never,
      read: never,
      look: show,
      cancel: async () => {
        cancels.push(Date.now() - start);
        shown.status = 'cancelling';
        return show();
      },
    },
    account: 'a',
    late,
    lookMs: minute,
    pass: { ...wholePass, waits, cancels: ends },
    signals: { drain: new AbortController().signal, abort: new AbortController().signal },
    emit: () => undefined,
  });
  /** Looks every five minutes until a moment. @param moves whether its counters move meanwhile */
  const lookUntil = async (hours: number, moves: boolean): Promise<boolean> => {
    while (Date.now() - start < hours * hour) {
      vi.setSystemTime(Date.now() + 5 * minute);
      if (moves) shown.completed += 1;
      if ((await watch.look(chunk)) !== null) return true;
    }
    return false;
  };
  return { watch, cancels, lookUntil };
}

describe('a batch past its end', () => {
  it('is left alone while its counters move, for a day after the grace', async () => {
    const { cancels, lookUntil } = watched('cancel');
    await lookUntil(24, true);
    expect(cancels).toEqual([]);
    await lookUntil(26, true);
    expect(cancels.map((ms) => ms / hour)).toEqual([25]);
  });

  it('is cancelled once its counters stand still, and only once', async () => {
    const { watch, cancels, lookUntil } = watched('cancel');
    await lookUntil(3, true);
    expect(await lookUntil(4, false)).toBe(false);
    expect(cancels).toHaveLength(1);
    expect(watch.hasCancelled(chunk)).toBe(true);
    // One that does not even end then is taken as it is, an hour after it was cancelled.
    expect(await lookUntil(6, false)).toBe(true);
    expect(cancels).toHaveLength(1);
  });

  it('is never cancelled where it is to be waited for', async () => {
    const { cancels, lookUntil } = watched('wait');
    await lookUntil(60, false);
    expect(cancels).toEqual([]);
  });

  it('is left alone for the day where a pass looks once and cannot tell', async () => {
    const { cancels, lookUntil } = watched('cancel', false);
    await lookUntil(24, false);
    expect(cancels).toEqual([]);
    await lookUntil(26, false);
    expect(cancels).toHaveLength(1);
  });
});

describe('a batch that is to be cancelled', () => {
  it('is waited for while its counters move, and left where they stand still for an hour', async () => {
    const { lookUntil } = watched('wait', true, true);
    expect(await lookUntil(3, true)).toBe(false);
    await expect(lookUntil(6, false)).rejects.toMatchObject({ code: 'batch_not_cancelled' });
  });
});

describe('the first look at a batch', () => {
  it('waits where it was created just now, and is due at once where it was under way before', () => {
    const { watch } = watched('cancel');
    expect(watch.dueAt(chunk)).toBeLessThanOrEqual(start);
    const { watch: another } = watched('cancel');
    another.begin(chunk);
    expect(another.dueAt(chunk) - start).toBeGreaterThan(minute / 2);
  });
});

it('looks at a batch that is to end before its time within seconds, and ever less often', async () => {
  const { watch } = watched('cancel');
  await watch.look(chunk);
  expect(watch.dueAt(chunk) - Date.now()).toBeGreaterThan(minute / 2);
  watch.lookSoon(chunk);
  const waits: number[] = [];
  for (let look = 0; look < 30; look += 1) {
    expect(await watch.look(chunk)).toBeNull();
    waits.push(watch.dueAt(chunk) - Date.now());
  }
  expect(waits[0]).toBeLessThan(2_000);
  expect(waits[5]).toBeLessThan(8_000);
  expect(waits[29]).toBeGreaterThan(minute / 2);
  expect(Math.max(...waits)).toBeLessThanOrEqual(1.1 * minute);
});
