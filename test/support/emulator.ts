import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BillEntry } from '../../src/emulator/state/bill.ts';
import { startEmulator, type EmulatorOptions } from '../../src/emulator/server.ts';
import { readBill } from './bill.ts';

export interface TestEmulator extends AsyncDisposable {
  readonly url: string;
  readonly dataDir: string;
  bill(): Promise<readonly BillEntry[]>;
}

/** An emulator in this process, its data in a folder of its own. Batches end at once. */
export async function createEmulator(options: Partial<EmulatorOptions> = {}): Promise<TestEmulator> {
  const dataDir = await mkdtemp(join(tmpdir(), 'batchline-emulator-'));
  const emulator = await startEmulator({ latencyMs: 0, ...options, dataDir });
  return {
    url: emulator.url,
    dataDir,
    bill: () => readBill(dataDir),
    async [Symbol.asyncDispose]() {
      await emulator[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A `provider` block that names it, and a `batch` block that does not make a test wait. */
export function providerAt(url: string) {
  return { type: 'openai', base_url: url, api_key: 'test-key' };
}

export const promptBatch = { poll_interval: '20ms' };
