/** When a batch may reach each state, in milliseconds since 1970; it may be later where the work takes longer. */
export interface Timetable {
  readonly startsAt: number;
  readonly finalizesAt: number;
  readonly endsAt: number;
}

export function timetable(createdMs: number, latencyMs: number): Timetable {
  return {
    startsAt: createdMs + latencyMs * 0.2,
    finalizesAt: createdMs + latencyMs * 0.8,
    endsAt: createdMs + latencyMs,
  };
}

/** How many of `total` lines may be answered by `now`, when they are spread evenly over the time in progress. */
export function linesDue(times: Timetable, total: number, now: number): number {
  const span = times.finalizesAt - times.startsAt;
  if (now >= times.finalizesAt || span <= 0) return total;
  return Math.max(0, Math.floor((total * (now - times.startsAt)) / span));
}

/** When the line after the first `done` of `total` may be answered. */
export function lineDueAt(times: Timetable, total: number, done: number): number {
  return times.startsAt + ((times.finalizesAt - times.startsAt) * (done + 1)) / total;
}
