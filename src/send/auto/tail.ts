/** How fast synchronous requests go, as far as it is known. */
export interface DirectSpeed {
  /** The median time of a request here; null where none was measured. */
  readonly requestMs: number | null;
  readonly concurrency: number;
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
}

const unknownRequestMs = 2000;
const minuteMs = 60_000;

/** How long so many requests take synchronously; limits may make them take longer than the answers do. */
export function tailMs(requests: number, tokensPerRequest: number, speed: DirectSpeed): number {
  const { concurrency, requestsPerMinute, tokensPerMinute } = speed;
  const byAnswers = (requests * requestMs(speed)) / concurrency;
  const byRequests = requestsPerMinute === null ? 0 : (requests / requestsPerMinute) * minuteMs;
  const byTokens =
    tokensPerMinute === null ? 0 : ((requests * tokensPerRequest) / tokensPerMinute) * minuteMs;
  return Math.max(byAnswers, byRequests, byTokens);
}

export function requestMs({ requestMs: measured }: Pick<DirectSpeed, 'requestMs'>): number {
  return measured ?? unknownRequestMs;
}

/** From the start of a run to its end, in milliseconds since 1970. */
export interface Span {
  readonly startedAt: number;
  readonly deadlineAt: number;
}

/** How much of the time is kept for the batches to be cancelled in: a tenth of it, and no less than that has taken here. */
export function cancelReserveMs({ startedAt, deadlineAt }: Span, longestCancelMs: number | null): number {
  return Math.max((deadlineAt - startedAt) / 10, longestCancelMs ?? 0);
}
