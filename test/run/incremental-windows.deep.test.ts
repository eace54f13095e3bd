import { describe, expect, it } from 'vitest';
import { providerAt } from '../support/emulator.ts';
import { createHoldingEmulator } from '../support/held-batches.ts';
import { useIncremental, rows, create, counts, answered, change } from './incremental-scene.ts';

useIncremental();

describe('a run of an incremental source', () => {
  it('reads what changed since the last one that ended, and says so in its first line', async () => {
    await using project = await create();
    const first = await project.run();
    expect(first.code).toBe(0);
    expect(first.stderr).toMatch(/^\S+Z starting run .*, reading updated_at <= 2026-01-02 12:20:00\+00$/m);
    const again = await project.run();
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('No row has changed') });
    expect(again.stderr).toMatch(/reading 2026-01-02 12:20:00\+00 < updated_at <= 2026-01-02 12:20:00\+00/);
    await change('id IN (3, 7)');
    expect(await counts(project)).toEqual({ records: 2, skipped: 0, ok: 2 });
    expect((await project.cli('status', 'pipeline.yaml')).stdout).toContain(
      'window   2026-01-02 12:20:00+00 < updated_at <= 2026-01-02 13:00:00+00',
    );
    expect(await counts(project)).toEqual({ records: 0, skipped: 0, ok: 0 });
  });
});

describe('an incremental run that does not end', () => {
  it('keeps the next run from leaving its rows out', async () => {
    await using slow = await createHoldingEmulator();
    await using project = await create({}, { provider: providerAt(slow.url) });
    expect((await project.run('--no-wait')).code).toBe(3);
    slow.release();
    expect((await project.cli('cancel', 'pipeline.yaml')).code).toBe(0);
    expect(await counts(project)).toMatchObject({ records: rows });
    expect(await answered()).toHaveLength(rows);
  });
});
