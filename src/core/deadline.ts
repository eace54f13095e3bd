/** When a run is to be done: so long after its start, or at a time of day. */
export type Deadline =
  | { readonly kind: 'after'; readonly ms: number }
  | { readonly kind: 'daily'; readonly hour: number; readonly minute: number };

const dayMs = 24 * 3_600_000;

/**
 * The moment of a deadline: of a time of day the next one after the start, wherever clocks are changed in between.
 *
 * @param startedAt milliseconds since 1970
 */
export function deadlineAt(deadline: Deadline, startedAt: number, timezone: string): number {
  if (deadline.kind === 'after') return startedAt + deadline.ms;
  const today = Math.floor((startedAt + offsetMs(startedAt, timezone)) / dayMs) * dayMs;
  const timeMs = (deadline.hour * 60 + deadline.minute) * 60_000;
  const [next] = [0, 1, 2]
    .map((days) => momentOf(today + days * dayMs + timeMs, timezone))
    .filter((at) => at > startedAt);
  if (next === undefined) throw new RangeError(`no day of ${timezone} has such a time`);
  return next;
}

export function isTimezone(name: string): boolean {
  try {
    return Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

/**
 * The moment at which clocks show a time. One that they show twice is the first; one that they leave out is as much
 * later as they are put forward.
 *
 * @param shown the time, as if it were UTC's
 */
function momentOf(shown: number, timezone: string): number {
  const before = shown - offsetMs(shown - dayMs, timezone);
  const after = shown - offsetMs(shown + dayMs, timezone);
  const shows = [before, after].filter((at) => at + offsetMs(at, timezone) === shown);
  return shows.length === 0 ? before : Math.min(...shows);
}

/** How far a zone's clocks are ahead of UTC. */
function offsetMs(at: number, timezone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at);
  const part = (type: Intl.DateTimeFormatPartTypes): number =>
    Number(parts.find((each) => each.type === type)?.value);
  const shown = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return shown - Math.floor(at / 1000) * 1000;
}
