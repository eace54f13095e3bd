import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join as joinPath, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sleep } from '../core/async.ts';
import { BatchlineError } from '../core/errors.ts';
import { readAddress, type Address } from './address-file.ts';
import type { ChildMessage, ChildOptions } from './child-messages.ts';
import type { FaultsInput } from './faults/faults.ts';
import { join, type Membership } from './membership.ts';
import type { Emulator } from './server.ts';
import { makeFolder } from '../files/make-folder.ts';

export interface SpawnOptions extends Omit<ChildOptions, 'faultsFollow'> {
  /** What it is to do wrong; by default what the file says that `BATCHLINE_EMULATOR_FAULTS` names. */
  readonly faults?: FaultsInput;
  /** Breaks off the start. A started emulator ends when it is disposed. */
  readonly signal: AbortSignal;
}

const longestStartMs = 30_000;
const busyWaitMs = 50;

/**
 * Starts an emulator in a process of its own, or joins the one that already uses the folder. It runs as long as one
 * of those that started or joined it: it ends when the last has disposed its handle or has died, even by kill -9, and
 * not by a Ctrl-C that is meant for one of them. Its state stays, and the next one goes on from it.
 *
 * Latency, seed and faults are for the process that is started: one that is joined keeps its own.
 *
 * @throws BatchlineError `emulator_failed`, `invalid_faults`, `faults_unreadable`
 */
export async function spawnEmulator(options: SpawnOptions): Promise<Emulator> {
  const dataDir = resolve(options.dataDir);
  await makeFolder(dataDir, 0o700);
  const deadline = Date.now() + longestStartMs;
  while (Date.now() < deadline) {
    const emulator =
      (await joinAt(dataDir, await readAddress(dataDir), options.signal)) ??
      (await joinAt(dataDir, await startChild({ ...options, dataDir }), options.signal));
    if (emulator !== null) return emulator;
    // The folder is taken by one that is just starting, or just ending.
    await sleep(busyWaitMs, options.signal);
  }
  throw new BatchlineError('emulator_failed', 'the emulator that uses the folder does not answer', {
    where: dataDir,
    hint: 'End that process, or use another state folder.',
  });
}

async function joinAt(
  dataDir: string,
  address: Address | null,
  signal: AbortSignal,
): Promise<Emulator | null> {
  const membership = address === null ? null : await join(dataDir, address, signal);
  return address === null || membership === null ? null : handle(address.url, membership);
}

function handle(url: string, membership: Membership): Emulator {
  let left: Promise<void> | undefined;
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      left ??= membership.leave();
      await left;
    },
  };
}

/** @returns where it serves; null where another one holds the folder */
async function startChild(options: SpawnOptions): Promise<Address | null> {
  const { signal, faults = await faultsFromEnvironment(), ...childOptions } = options;
  signal.throwIfAborted();
  const told: ChildOptions = { ...childOptions, faultsFollow: faults !== undefined };
  await using log = await open(joinPath(options.dataDir, 'emulator.log'), 'a', 0o600);
  const child = fork(childPath(), [JSON.stringify(told)], {
    // Else what is read and dropped again may pile up to some hundred megabytes before it is collected.
    execArgv: ['--max-semi-space-size=4'],
    // A session of its own: a Ctrl-C in the terminal is for the run, and another run may use the emulator too.
    detached: true,
    stdio: ['ignore', 'ignore', log.fd, 'ipc'],
  });
  try {
    // By message, since it may be more than an argument can hold.
    if (faults !== undefined) child.send(faults, () => undefined);
    return readOutcome(await firstMessage(child, signal), options.dataDir);
  } catch (error) {
    child.kill();
    throw error;
  } finally {
    if (child.connected) child.disconnect();
    child.unref();
  }
}

async function faultsFromEnvironment(): Promise<FaultsInput | undefined> {
  const path = process.env['BATCHLINE_EMULATOR_FAULTS'];
  if (path === undefined || path === '') return undefined;
  const { readFaultsFile } = await import('./faults/read-faults.ts');
  return readFaultsFile(path);
}

/** Sources run as they are; a published package has them compiled. */
function childPath(): string {
  const name = import.meta.url.endsWith('.ts') ? './child.ts' : './child.js';
  return fileURLToPath(new URL(name, import.meta.url));
}

async function firstMessage(child: ChildProcess, signal: AbortSignal): Promise<ChildMessage | null> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(longestStartMs)]);
  const waiting = new AbortController();
  const stop = AbortSignal.any([limit, waiting.signal]);
  try {
    const [message] = (await Promise.race([
      once(child, 'message', { signal: stop }),
      once(child, 'exit', { signal: stop }).then(() => [null]),
    ])) as [ChildMessage | null];
    return message;
  } catch (error) {
    signal.throwIfAborted();
    throw failed('it did not start in time', undefined, error);
  } finally {
    waiting.abort();
  }
}

function readOutcome(message: ChildMessage | null, dataDir: string): Address | null {
  if (message === null) {
    throw failed('its process ended at once', `See ${joinPath(dataDir, 'emulator.log')}.`);
  }
  if (message.type === 'ready') return message.address;
  if (message.code === 'emulator_running') return null;
  throw failed(message.message, message.hint);
}

function failed(what: string, hint: string | undefined, cause?: unknown): BatchlineError {
  return new BatchlineError('emulator_failed', `cannot start the emulator: ${what}`, { hint, cause });
}
