import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../src/emulator/random.ts';
import type { Middleware } from './proxy.ts';

const longestMs = 60;

/** Widens the moments in which a batch is asked for and in which it exists while its creator has not heard of it. */
export function slowCreates(random: Random): Middleware {
  return async ({ method, path }, forward) => {
    if (method !== 'POST' || path !== '/batches') return forward();
    await sleep(random.fraction() * longestMs);
    const response = await forward();
    await sleep(random.fraction() * longestMs);
    return response;
  };
}
