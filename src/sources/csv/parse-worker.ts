/** Parses one file in a thread of its own and sends its records to the thread that started it. */
import { parentPort, workerData } from 'node:worker_threads';
import { BatchlineError } from '../../core/errors.ts';
import { readTextFile } from '../file/input-text.ts';
import { parseText } from './parse-text.ts';
import type { ParseTask, WorkerMessage } from './worker-messages.ts';

/** More than one, so that neither thread waits for the other to look. */
const mostInFlight = 8;

const { file, plan, inFlight } = workerData as ParseTask;

function send(message: WorkerMessage): void {
  // Nothing is transferred: of strings, and of arrays this small, a copy costs less.
  parentPort?.postMessage(message, []);
}

function waitForRoom(): void {
  for (let count = Atomics.load(inFlight, 0); count >= mostInFlight; count = Atomics.load(inFlight, 0))
    Atomics.wait(inFlight, 0, count);
}

try {
  // Whoever has read enough ends the thread.
  const { signal } = new AbortController();
  const chunks = readTextFile(file, (fault) => send({ type: 'fault', fault }), signal);
  for await (const records of parseText(chunks, plan)) {
    waitForRoom();
    Atomics.add(inFlight, 0, 1);
    send({ type: 'records', records });
  }
} catch (error) {
  if (!(error instanceof BatchlineError)) throw error;
  const { code, message, where, hint } = error;
  send({ type: 'failed', code, message, where, hint });
}
