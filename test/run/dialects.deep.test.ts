import { describe, expect, it } from 'vitest';
import { dialects, withDialect } from '../../src/emulator/dialects.ts';
import { acceptedBatches, paidLines } from '../support/bill.ts';
import { createEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { answers, expected, pipeline, rowCount, useNotes } from './scene.ts';

useNotes();

describe.each(Object.keys(dialects))('a server that speaks %s', (name) => {
  it('brings the same result for the same bill', async () => {
    await using emulator = await createEmulator({ faults: withDialect(name) });
    await using project = await PipelineProject.create(
      pipeline(emulator.url, { batch: { max_requests: 5 } }),
    );
    expect((await project.summary()).rows).toMatchObject({ ok: rowCount, failed: 0, pending: 0 });
    expect(await answers()).toEqual(expected(() => 1));
    const bill = await emulator.bill();
    expect(paidLines(bill)).toHaveLength(rowCount);
    expect(acceptedBatches(bill)).toBe(3);
  });
});
