/** Longer than any wait that a server means: what is larger is a moment, in seconds or milliseconds since 1970. */
const longestWaitMs = 31 * 86_400_000;

/**
 * How long a server asks to be left alone, in milliseconds, in whatever form: `retry-after-ms`, or `retry-after` in
 * seconds, as a date, or as a Unix time. Undefined where it asks for nothing that can be understood.
 */
export function retryAfter(headers: Headers | undefined, now: number): number | undefined {
  const exact = number(headers?.get('retry-after-ms'), 1);
  if (exact !== undefined) return fromNow(exact, now);
  const text = headers?.get('retry-after')?.trim();
  if (text === undefined || text === '') return undefined;
  const wait = number(text, 1000);
  if (wait !== undefined) return fromNow(wait, now);
  // Date.parse reads almost anything that holds a number; a date has a day and a time.
  const date = /\d.*[:T]/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** `30`, `1.5` or `30s`, in units of so many milliseconds. */
function number(text: string | null | undefined, unitMs: number): number | undefined {
  const match = /^(\d+(?:\.\d+)?|\.\d+)\s*(ms|s|sec|secs|seconds?)?$/i.exec(text?.trim() ?? '');
  const [, digits, unit] = match ?? [];
  if (digits === undefined) return undefined;
  const factor = unit === undefined ? unitMs : unit.toLowerCase() === 'ms' ? 1 : 1000;
  return Number(digits) * factor;
}

function fromNow(waitMs: number, now: number): number {
  if (waitMs <= longestWaitMs) return waitMs;
  // Milliseconds since 1970 that were read as seconds.
  const moment = waitMs > now * 100 ? waitMs / 1000 : waitMs;
  return Math.max(0, moment - now);
}
