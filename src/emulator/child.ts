/** The process of a spawned emulator: it serves its users and ends with the last of them. */
import { once } from 'node:events';
import { BatchlineError, errorMessage } from '../core/errors.ts';
import type { ChildMessage, ChildOptions } from './child-messages.ts';
import { readAddress } from './address-file.ts';
import type { FaultsInput } from './faults/faults.ts';
import { startEmulator } from './server.ts';

const graceMs = 10_000;

async function serve(options: ChildOptions): Promise<void> {
  const { promise: unused, resolve: onUnused } = Promise.withResolvers<void>();
  process.once('SIGTERM', () => onUnused());
  const { faultsFollow = false, ...rest } = options;
  const faults = faultsFollow ? { faults: await receiveFaults() } : {};
  await using _emulator = await startEmulator({ ...rest, ...faults, whenUnused: { graceMs, onUnused } });
  const address = await readAddress(options.dataDir);
  if (address === null) throw new Error('the emulator has left no address');
  tell({ type: 'ready', address });
  await unused;
}

async function receiveFaults(): Promise<FaultsInput> {
  const [faults] = (await Promise.race([
    once(process, 'message'),
    once(process, 'disconnect').then(() => {
      throw new Error('whoever started the emulator is gone');
    }),
  ])) as [FaultsInput];
  return faults;
}

function tell(message: ChildMessage): void {
  // Whoever started it may be gone already.
  if (process.connected) process.send?.(message, () => undefined);
}

function describe(error: unknown): ChildMessage {
  const known = error instanceof BatchlineError ? error : undefined;
  const message = errorMessage(error);
  return { type: 'failed', code: known?.code ?? 'emulator_failed', message, hint: known?.hint };
}

try {
  await serve(JSON.parse(process.argv[2] ?? '{}') as ChildOptions);
} catch (error) {
  if (!(error instanceof BatchlineError)) console.error('emulator:', error);
  tell(describe(error));
  process.exitCode = 1;
}
if (process.connected) process.disconnect();
