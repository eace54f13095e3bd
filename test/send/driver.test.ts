import { afterEach, describe, expect, it, vi } from 'vitest';
import { BatchlineError } from '../../src/core/errors.ts';
import type { ChunkRecord } from '../../src/ledger/ledger.ts';
import { ChunkDriver } from '../../src/send/driver.ts';
import { later, left, moved, type Step } from '../../src/send/lane.ts';
import { chunkRecord } from '../batch/chunk-record.ts';

/** A driver over a lane whose steps the test decides. */
function drive(step: (chunk: ChunkRecord) => Step | Promise<Step>, sends = true) {
  const stop = new AbortController();
  const loaded: number[] = [];
  const driver = new ChunkDriver({
    lane: { step: async (chunk) => step(chunk) },
    load: async (chunk) => {
      loaded.push(chunk.chunk);
      return moved({ ...chunk, state: 'loaded' });
    },
    sends,
    drain: stop.signal,
  });
  return { driver, stop, loaded };
}

const record = (chunk: number, state: ChunkRecord['state'], batchId: string | null = null): ChunkRecord =>
  chunkRecord({ chunk, state, batchId });

afterEach(() => {
  vi.useRealTimers();
});

describe('the driver', () => {
  it('takes a chunk from wherever it is to its end', async () => {
    const { driver, loaded } = drive((chunk) =>
      moved({ ...chunk, state: chunk.state === 'ended' ? 'downloaded' : 'ended' }),
    );
    driver.start(record(1, 'submitted', 'b'));
    driver.start(record(2, 'downloaded'));
    driver.start(record(3, 'loaded'));
    await driver.idle();
    expect(new Set(loaded)).toEqual(new Set([1, 2]));
  });

  it('lets a chunk sleep until its time, and asks the lane no earlier', async () => {
    vi.useFakeTimers();
    const asked: number[] = [];
    const start = Date.now();
    const { driver, loaded } = drive((chunk) => {
      asked.push(Date.now() - start);
      return asked.length < 3
        ? later(Date.now() + 60_000, 'batch')
        : moved({ ...chunk, state: 'downloaded' });
    });
    driver.start(record(1, 'submitted', 'b'));
    await vi.advanceTimersByTimeAsync(119_000);
    expect(asked).toEqual([0, 60_000]);
    expect(driver.activeChunks).toBe(1);
    await vi.advanceTimersByTimeAsync(2000);
    expect(asked).toEqual([0, 60_000, 120_000]);
    expect(loaded).toEqual([1]);
    await driver.idle();
  });

  it('wakes those that wait for room when a batch has ended', async () => {
    let hasRoom = false;
    const looks: number[] = [];
    const { driver } = drive((chunk) => {
      if (chunk.state === 'submitted') {
        hasRoom = true;
        return moved({ ...chunk, state: 'downloaded' });
      }
      looks.push(chunk.chunk);
      return hasRoom ? moved({ ...chunk, state: 'downloaded' }) : later(Date.now() + 3_600_000, 'room');
    });
    driver.start(record(1, 'uploaded'));
    await vi.waitFor(() => expect(looks).toEqual([1]));
    driver.start(record(2, 'submitted', 'b'));
    await driver.idle();
    expect(looks).toEqual([1, 1]);
  });

  it('keeps apart what a person is to decide, so that nothing waits for it', async () => {
    const why = (chunk: number) => new BatchlineError('create_in_doubt', `file ${chunk}`);
    const { driver, loaded } = drive(({ chunk, ...rest }) =>
      chunk < 3 ? { kind: 'stuck', why: why(chunk) } : moved({ chunk, ...rest, state: 'downloaded' }),
    );
    for (const chunk of [2, 1]) driver.start(record(chunk, 'creating'));
    driver.start(record(3, 'submitted', 'b'));
    expect(driver.allSubmitted).toBe(true);
    await driver.idle();
    expect(loaded).toEqual([3]);
    expect(driver.stuck.map(({ message }) => message)).toEqual(['file 1', 'file 2']);
    expect([driver.parkedChunks, driver.awaitsBatches, driver.hasFailed]).toEqual([0, false, false]);
  });

  it('creates the batch of a file that was uploaded before the next file is uploaded', async () => {
    const order: string[] = [];
    const { driver } = drive(async (chunk) => {
      order.push(`${chunk.state} ${chunk.chunk}`);
      await Promise.resolve();
      if (chunk.state === 'sealed') return moved({ ...chunk, state: 'uploaded' });
      return moved({
        ...chunk,
        state: chunk.state === 'uploaded' ? 'submitted' : 'downloaded',
        batchId: 'b',
      });
    });
    for (const chunk of [1, 2, 3, 4]) driver.start(record(chunk, 'sealed'));
    await driver.idle();
    for (const chunk of [3, 4])
      expect(order.indexOf(`sealed ${chunk}`)).toBeGreaterThan(order.indexOf(`uploaded ${chunk - 2}`));
  });

  it('sends nothing more once it has failed, and brings home what is at the provider', async () => {
    vi.useFakeTimers();
    const steps: string[] = [];
    const { driver, loaded } = drive((chunk) => {
      steps.push(`${chunk.state} ${chunk.chunk}`);
      if (chunk.chunk === 1) return later(Date.now() + 1000, 'room');
      return chunk.chunk === 2 ? later(Date.now() + 1000, 'batch') : moved({ ...chunk, state: 'downloaded' });
    });
    driver.start(record(1, 'uploaded'));
    driver.start(record(2, 'submitted', 'b'));
    await vi.advanceTimersByTimeAsync(10);
    driver.fail(new Error('given up'));
    driver.start(record(3, 'sealed'));
    driver.start(record(4, 'submitted', 'c'));
    await vi.advanceTimersByTimeAsync(10);
    expect(loaded).toEqual([4]);
    expect(driver.activeChunks).toBe(1);
    expect(steps).toEqual(['uploaded 1', 'submitted 2', 'submitted 4']);
    expect(() => driver.throwIfFailed()).toThrow('given up');
  });

  it('ends at once when it is drained, whatever sleeps', async () => {
    const { driver, stop } = drive(() => later(Date.now() + 3_600_000, 'batch'));
    driver.start(record(1, 'submitted', 'b'));
    await vi.waitFor(() => expect(driver.activeChunks).toBe(1));
    await Promise.resolve();
    stop.abort(new Error('stop now'));
    await driver.idle();
    expect(() => driver.throwIfFailed()).toThrow('stop now');
  });

  it('parks what it is to leave, and takes it up when there may be room', async () => {
    let hasEnded = false;
    const { driver, loaded } = drive((chunk) => {
      if (chunk.state === 'submitted') return moved({ ...chunk, state: 'downloaded' });
      return hasEnded ? moved({ ...chunk, state: 'downloaded' }) : left;
    });
    driver.start(record(1, 'sealed'));
    await driver.idle();
    expect(driver.parkedChunks).toBe(1);
    driver.resumeParked();
    expect(driver.activeChunks).toBe(0);
    driver.start(record(2, 'submitted', 'b'));
    await driver.idle();
    hasEnded = true;
    driver.resumeParked();
    await driver.idle();
    expect(driver.parkedChunks).toBe(0);
    expect(loaded).toEqual([2, 1]);
  });
});
