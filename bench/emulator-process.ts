import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';

const program = join(import.meta.dirname, 'serve-emulator.ts');

/** An emulator in a process of its own, so that its work and its memory are not counted as batchline's. */
export interface EmulatorProcess extends AsyncDisposable {
  readonly url: string;
}

export async function startEmulatorProcess(folder: string): Promise<EmulatorProcess> {
  const [command = '', ...args] = onLastCore([process.execPath, program, folder]);
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
  };
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([once(lines, 'line'), exited.then(() => undefined)]);
  if (first === undefined) throw new Error('the emulator did not start');
  return { url: String(first[0]), [Symbol.asyncDispose]: stop };
}

/** Kept to one processor core where the system can do so, as a provider would take none of this machine's. */
function onLastCore(command: readonly string[]): readonly string[] {
  const cores = availableParallelism();
  return process.platform === 'linux' && cores > 1
    ? ['taskset', '--cpu-list', String(cores - 1), ...command]
    : command;
}
