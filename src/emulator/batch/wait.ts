import { setTimeout as sleep } from 'node:timers/promises';

const longestTimerMs = 2 ** 31 - 1;

/** Waits for a moment, in milliseconds since 1970; for ever where it is infinite. Returns early when hurried; rejects when stopped. */
export async function waitUntil(moment: number, hurry: AbortSignal, stop: AbortSignal): Promise<void> {
  stop.throwIfAborted();
  const end = AbortSignal.any([hurry, stop]);
  while (!hurry.aborted && Date.now() < moment) {
    try {
      await sleep(Math.min(moment - Date.now(), longestTimerMs), undefined, { signal: end });
    } catch {
      stop.throwIfAborted();
    }
  }
}
