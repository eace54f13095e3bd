import type { AutoFacts } from '../../../src/send/auto/choose-way.ts';

export const minute = 60_000;
export const hour = 60 * minute;

/** A run that was read to its end a moment after it began, without a deadline, but for what is given. */
export function autoFacts(changes: Partial<AutoFacts> = {}): AutoFacts {
  return {
    now: 0,
    startedAt: 0,
    deadlineAt: null,
    cutOverAt: null,
    isRead: true,
    requests: 1000,
    again: 0,
    out: 1000,
    asking: 0,
    inBatches: 1,
    tokensPerRequest: 100,
    standardBelow: 200,
    speed: { requestMs: null, concurrency: 16, requestsPerMinute: null, tokensPerMinute: null },
    cancelMs: null,
    ...changes,
  };
}
