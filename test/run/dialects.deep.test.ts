import { describe, expect, it } from 'vitest';
import { dialects, withDialect } from '../../src/emulator/dialects.ts';
import type { FaultsInput } from '../../src/emulator/faults/faults.ts';
import { acceptedBatches, paidLines } from '../support/bill.ts';
import { createEmulator, providerAt } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { answers, expected, pipeline, rowCount, runSql, useNotes } from './scene.ts';

useNotes();

type Name = keyof typeof dialects;

const names = Object.keys(dialects) as Name[];

/** What a pipeline has to say of the server in its `provider` block. */
function blockOf(name: Name): object {
  const dialect = dialects[name];
  return {
    ...('compat' in dialect && { compat: dialect.compat }),
    ...('headers' in dialect && { headers: dialect.headers }),
  };
}

interface Setting {
  readonly faults?: FaultsInput;
  readonly maxRequests?: number;
  readonly window?: string;
}

/** Runs at a server that speaks a dialect: every row is answered, and none is paid for twice. @returns its batches */
async function runAt(name: Name, { faults, maxRequests = 5, window = '24h' }: Setting = {}): Promise<number> {
  await using emulator = await createEmulator({ faults: withDialect(name, faults) });
  await using project = await PipelineProject.create(
    pipeline(emulator.url, {
      batch: { max_requests: maxRequests, completion_window: window },
      rest: { provider: { ...providerAt(emulator.url), ...blockOf(name) } },
    }),
  );
  expect((await project.summary()).rows).toMatchObject({ ok: rowCount, failed: 0, pending: 0 });
  expect(await answers()).toEqual(expected(() => 1));
  const bill = await emulator.bill();
  expect(paidLines(bill)).toHaveLength(rowCount);
  expect(new Set(paidLines(bill)).size).toBe(rowCount);
  return acceptedBatches(bill);
}

describe.each(names)('a server that speaks %s', (name) => {
  it('brings the same result for the same bill', async () => {
    expect(await runAt(name)).toBe(3);
  });

  it('is not asked twice for a batch whose creation was not heard of', async () => {
    const faults: FaultsInput = {
      http: [{ fault: 'cut', on: 'create_batch', effect: 'done', requests: [1, 3] }],
    };
    expect(await runAt(name, { faults })).toBe(3);
  });
});

it.each([
  ['requests', { requests: 5 }, rowCount],
  ['bytes', { bytes: 1000 }, rowCount],
] as const)(
  'a file that holds more %s than a server takes is sent in smaller ones',
  async (_what, limits, files) => {
    for (const name of ['openai', 'forgetful'] as const) {
      await runSql('DROP TABLE IF EXISTS answers');
      expect(await runAt(name, { faults: { limits }, maxRequests: files })).toBeGreaterThan(1);
    }
  },
);

it('a server that refuses a field is paid nothing, and the switch is named', async () => {
  await using emulator = await createEmulator({ faults: withDialect('strict') });
  await using project = await PipelineProject.create(pipeline(emulator.url));
  const { code, stderr } = await project.run();
  expect(code).toBe(1);
  expect(stderr).toContain('provider.compat');
  expect(acceptedBatches(await emulator.bill())).toBe(0);
});

it.each([
  ['groq', '7d'],
  ['doubleword', '1h'],
] as const)('%s takes a window of %s', async (name, window) => {
  expect(await runAt(name, { window })).toBe(3);
});

it.each(['litellm', 'portkey'] as const)(
  '%s leads no call to its place that does not say where',
  async (name) => {
    await using emulator = await createEmulator({ faults: withDialect(name) });
    await using project = await PipelineProject.create(pipeline(emulator.url));
    const { code, stderr } = await project.run();
    const [header = ''] = Object.keys(dialects[name].headers);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(header) });
    expect(acceptedBatches(await emulator.bill())).toBe(0);
  },
);

it('groq has no room in its flex tier for a while: 498 is waited out like a 429', async () => {
  const faults: FaultsInput = { http: [{ fault: 'status', status: 498, on: 'answer', every: 3 }] };
  await using emulator = await createEmulator({ faults: withDialect('groq', faults) });
  await using project = await PipelineProject.create(pipeline(emulator.url, { rest: { mode: 'standard' } }));
  expect(await project.summary()).toMatchObject({ rows: { ok: rowCount }, requests: { in_doubt: 0 } });
});
