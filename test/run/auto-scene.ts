import { expect } from 'vitest';
import { batchesOf } from '../support/batches-of.ts';
import { askedRequests } from '../support/bill.ts';
import type { TestEmulator } from '../support/emulator.ts';
import { rowCount } from './scene.ts';

/** That no row was answered twice, the one way or the other. @param rows all of them; each stands in the target */
export async function expectAnsweredOnce(
  { url, bill }: Pick<TestEmulator, 'url' | 'bill'>,
  rows = rowCount,
): Promise<{ readonly batch: number; readonly standard: number }> {
  const answered = (await batchesOf(url)).flatMap((batch) => [...batch.answered]);
  const asked = askedRequests(await bill());
  expect(new Set(asked).size).toBe(asked.length);
  expect(new Set(answered).size).toBe(answered.length);
  // Since each row has an answer, none can have two.
  expect(answered.length + asked.length).toBe(rows);
  return { batch: answered.length, standard: asked.length };
}
