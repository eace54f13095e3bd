import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ledger, RunStatus } from '../../../src/ledger/ledger.ts';
import type { RunWindow } from '../../../src/ledger/selection.ts';
import { openSqliteLedger } from '../../../src/ledger/sqlite/open-ledger.ts';

let folder: string;
let ledger: Ledger;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'batchline-watermarks-'));
  ledger = await openSqliteLedger(folder);
});

afterEach(async () => {
  await ledger[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const usual: RunWindow = { cursor: 'at', lag: null, low: null, high: '9', scope: 'tickets', moves: true };

/** A run whose window is the usual one but for the changes. */
async function begin(runId: string, startedAt: number, window: Partial<RunWindow> = {}): Promise<void> {
  await ledger.createRun({
    runId,
    pipeline: 'tags',
    kind: 'run',
    fingerprint: '',
    fingerprintParts: {},
    folder,
    target: 't',
    path: 'p.yaml',
    schema: { fields: [], keyFields: [] },
    selection: { window: { ...usual, ...window } },
    startedAt,
  });
}

const end = (runId: string, status: RunStatus = 'completed', at = 0) => ledger.setStatus(runId, status, at);
const watermark = (scope = 'tickets') => ledger.watermarks.watermark('tags', scope);

describe('a watermark', () => {
  it('stands at the end of the window of the run that has ended', async () => {
    expect(await watermark()).toBeNull();
    await begin('a', 1);
    for (const status of ['running', 'waiting', 'failed', 'interrupted', 'refused', 'cancelled'] as const) {
      await end('a', status);
      expect(await watermark()).toBeNull();
    }
    await end('a', 'completed_with_failures');
    expect(await watermark()).toBe('9');
    expect(await watermark('others')).toBeNull();
    expect(await ledger.watermarks.watermark('other-tags', 'tickets')).toBeNull();
  });

  it('is moved by the run that began last, whichever ends last', async () => {
    await begin('older', 1, { high: '9' });
    await begin('newer', 2, { high: '10' });
    await end('newer');
    await end('older');
    expect(await watermark()).toBe('10');
    await begin('newest', 3, { low: '10', high: '11' });
    await end('newest');
    expect(await watermark()).toBe('11');
  });

  it('goes back to the end of an older window that is answered later, and no run that began before moves it', async () => {
    const skipsUnchanged = true;
    await begin('oldest', 1, { skipsUnchanged, high: '8' });
    await begin('older', 2, { skipsUnchanged, high: '9' });
    await begin('newer', 3, { skipsUnchanged, high: '10' });
    await end('newer');
    await begin('meanwhile', 4, { skipsUnchanged, low: '10', high: '11' });
    await end('older', 'completed', 5);
    expect(await watermark()).toBe('9');
    for (const run of ['meanwhile', 'newer', 'older']) await end(run, 'completed', 6);
    expect(await watermark()).toBe('9');
    await end('oldest', 'cancelled', 7);
    expect(await watermark()).toBe('8');
    await end('older', 'completed', 8);
    expect(await watermark()).toBe('8');
    await begin('later', 9, { skipsUnchanged, low: '8', high: '12' });
    await end('later', 'completed', 10);
    expect(await watermark()).toBe('12');
  });

  it('is not moved by a trial, by a run whose rows went elsewhere, or where there was no row', async () => {
    await begin('trial', 1, { moves: false });
    await begin('moved', 2);
    await ledger.watermarks.pinWatermark('moved');
    await begin('empty', 3, { high: null });
    for (const run of ['trial', 'moved', 'empty']) await end(run);
    expect(await watermark()).toBeNull();
    expect((await ledger.run('moved'))?.selection.window).toEqual({ ...usual, moves: false });
  });
});
