import { describe, expect, it } from 'vitest';
import type { FaultsInput } from '../../src/emulator/faults/faults.ts';
import type { Middleware } from '../support/proxy.ts';
import { useNotes } from './scene.ts';
import {
  rows,
  rowsAFile,
  limited,
  expectAllAnswered,
  refusals,
  expectNothingTwice,
} from './token-limit-scene.ts';

useNotes(rows);

/** Holds the first requests for a batch back until so many have come. */
function firstCreatesAtOnce(count: number): Middleware {
  const all = Promise.withResolvers<void>();
  let come = 0;
  return async ({ method, path }, forward) => {
    if (method === 'POST' && path === '/batches') {
      come += 1;
      if (come === count) all.resolve();
      await all.promise;
    }
    return forward();
  };
}

describe('a limit on enqueued tokens', () => {
  it('is learned from the refusals of the first burst, and kept from then on', async () => {
    const largeFile = 2 * rowsAFile;
    // The limit holds one such file, and whatever the machine is busy with, the first has not ended when the second comes.
    const slow = { fault: 'phases', in_progress: '1s', batches: [1, 2] } satisfies NonNullable<
      FaultsInput['batches']
    >[number];
    await using setting = await limited({ max_requests: largeFile }, firstCreatesAtOnce(2), [slow]);
    const { code, stderr } = await setting.project.run();
    expect({ code, stderr }).toEqual({ code: 0, stderr });
    expect(stderr).toMatch(/^\S+Z waiting for room: \d+ of 230 tokens enqueued$/m);
    await expectAllAnswered();
    const bill = await setting.emulator.bill();
    expectNothingTwice(bill);
    // All that was sent before the first refusal was read may be refused, once each, and nothing afterwards.
    expect(refusals(bill)).toBeGreaterThan(0);
    expect(refusals(bill)).toBeLessThanOrEqual(rows / largeFile - 1);
  });
});
