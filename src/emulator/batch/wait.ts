import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for a moment, in milliseconds since 1970. Returns early when hurried; rejects when stopped. */
export async function waitUntil(moment: number, hurry: AbortSignal, stop: AbortSignal): Promise<void> {
  stop.throwIfAborted();
  const wait = Math.min(moment - Date.now(), 2 ** 31 - 1);
  if (wait <= 0 || hurry.aborted) return;
  try {
    await sleep(wait, undefined, { signal: AbortSignal.any([hurry, stop]) });
  } catch {
    stop.throwIfAborted();
  }
}
