import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acceptedBatches, paidLines } from '../support/bill.ts';
import { createEmulator, type TestEmulator } from '../support/emulator.ts';
import { answers, expected, parseLines, project, rowCount, useNotes, type Parts } from './scene.ts';

useNotes();

let emulator: TestEmulator;

beforeEach(async () => {
  emulator = await createEmulator();
});
afterEach(() => emulator[Symbol.asyncDispose]());

/** Each answer costs a dollar by batch. */
const dear: NonNullable<Parts['rest']> = {
  prices: { 'gpt-4o-mini': { input: 0, output: 2_000_000, batch_discount: 0.5 } },
};

function asking(above: number, changes: Parts = {}): Parts {
  const budget = { confirm_above: above, output_tokens_per_row: 1 };
  return { ...changes, rest: { ...dear, ...changes.rest, budget } };
}

describe.each([
  ['in one file', {}],
  ['in several files', { batch: { max_requests: 5 } }],
  ['with files that wait for room on disk', { batch: { max_requests: 5, max_prepared: '1kB' } }],
  ['one by one', { rest: { mode: 'standard' } }],
])('a run that costs more than it may without asking, %s', (_name, changes: Parts) => {
  it('is refused with nothing sent, goes on once agreed to, and is not asked again', async () => {
    await using created = await project(emulator.url, asking(rowCount - 1, changes));
    const refused = await created.run('--json');
    expect([refused.code, JSON.parse(refused.stdout)]).toMatchObject([
      4,
      { status: 'refused', error: { code: 'unconfirmed', hint: expect.stringContaining('--yes') } },
    ]);
    expect(await emulator.bill()).toEqual([]);
    const collected = await created.cli('collect', 'pipeline.yaml');
    expect([collected.code, collected.stderr]).toEqual([4, expect.stringContaining('--yes')]);
    expect(await emulator.bill()).toEqual([]);
    const stopped = await created.run('--yes', '--no-wait');
    expect([0, 3]).toContain(stopped.code);
    // Line by line, all is answered by then.
    if (stopped.code === 3) await created.summary(0);
    expect((await created.status()).rows).toMatchObject({ requested: rowCount, ok: rowCount });
    expect(await answers()).toEqual(expected(() => 1));
  });
});

it('a run that costs no more is not asked about, nor one of which nothing is left to send', async () => {
  await using created = await project(emulator.url, asking(rowCount));
  expect((await created.summary(0)).rows).toMatchObject({ ok: rowCount });
  await created.write('pipeline.yaml', {
    ...(JSON.parse(await created.read('pipeline.yaml')) as object),
    budget: { confirm_above: 0 },
  });
  expect((await created.run()).code).toBe(0);
  expect(paidLines(await emulator.bill())).toHaveLength(rowCount);
});

it('a run whose cost is unknown is asked about', async () => {
  const parts = { rest: { budget: { confirm_above: 1000 } }, request: { model: 'gpt-4o-mini' } };
  await using created = await project(emulator.url, parts);
  const { code, stderr } = await created.run();
  expect([code, stderr]).toEqual([4, expect.stringContaining('is not known')]);
  expect(acceptedBatches(await emulator.bill())).toBe(0);
  expect((await created.run('--yes')).code).toBe(0);
});

describe('before a run sends, it tells what it will', () => {
  it('exactly, where it has read everything', async () => {
    await using created = await project(emulator.url, {
      rest: { ...dear, budget: { output_tokens_per_row: 1 } },
    });
    const { stderr } = await created.run('--log-format', 'json');
    const events = parseLines(stderr).filter(({ type }) => type === 'PlanMade' || type === 'FileUploaded');
    expect(events.map(({ type }) => type)).toEqual(['PlanMade', 'FileUploaded']);
    expect(events[0]).toMatchObject({
      sureness: 'exact',
      requests: rowCount,
      files: 1,
      isExact: true,
      cost: { batch: rowCount, standard: 2 * rowCount },
    });
    const { stdout } = await created.cli('plan', 'pipeline.yaml', '--json', '--exact', '--full-refresh');
    expect(events[0]).toMatchObject({
      input: (JSON.parse(stdout) as { tokens: { input: number } }).tokens.input,
    });
  });

  it('by the source’s own count, where the first file leaves before the last row is read', async () => {
    await using created = await project(emulator.url, { batch: { max_requests: 4 } });
    const { stderr } = await created.run();
    const lines = stderr.split('\n');
    const told = lines.findIndex((line) => line.includes(`about ${rowCount} requests in 3 files, about`));
    expect(told).toBeGreaterThan(0);
    expect(told).toBeLessThan(lines.findIndex((line) => line.includes('uploaded as')));
    expect(lines.filter((line) => line.includes('requests in 3 files,'))).toHaveLength(1);
  });
});
