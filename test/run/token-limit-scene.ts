import { expect } from 'vitest';
import type { FaultsInput } from '../../src/emulator/faults/faults.ts';
import type { BillEntry } from '../../src/emulator/state/bill.ts';
import { paidLines } from '../support/bill.ts';
import { createEmulator, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { createProxy, type Middleware } from '../support/proxy.ts';
import { answers, expected, type Parts, pipeline } from './scene.ts';

export const rows = 200;

export const rowsAFile = 10;

/** `note 123` is two tokens or three, and a message is eight. */
export const limit = 230;

/** All rows in one file, where `batch` does not say otherwise. */
export function parts(batch: object, source: Parts['source'] = {}): Parts {
  return { batch: { max_requests: undefined, ...batch }, source };
}

interface Limited extends AsyncDisposable {
  readonly emulator: TestEmulator;
  readonly project: PipelineProject;
}

export async function limited(
  batch: object,
  middleware?: Middleware,
  batches: FaultsInput['batches'] = [],
): Promise<Limited> {
  await using resources = new AsyncDisposableStack();
  const emulator = resources.use(
    await createEmulator({ latencyMs: 60, faults: { limits: { enqueued_tokens: limit }, batches } }),
  );
  const url =
    middleware === undefined ? emulator.url : resources.use(await createProxy(emulator.url, middleware)).url;
  const project = resources.use(await PipelineProject.create(pipeline(url, parts(batch))));
  const kept = resources.move();
  return { emulator, project, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

export async function expectAllAnswered(): Promise<void> {
  expect(await answers()).toEqual(expected(() => 1, rows));
}

export function refusals(bill: readonly BillEntry[]): number {
  return bill.filter((entry) => entry.event === 'refused').length;
}

export function expectNothingTwice(bill: readonly BillEntry[], count = rows): void {
  const paid = paidLines(bill);
  expect(paid).toHaveLength(count);
  expect(new Set(paid).size).toBe(count);
}
