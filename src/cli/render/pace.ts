import type { Progress } from './progress.ts';
import { momentText, spanText } from './moments.ts';
import { counted } from './words.ts';

/** How fast a run goes in this process, and how long it may still take. */
export class Pace {
  readonly #startedAt: number;

  /** @param startedAt milliseconds */
  constructor(startedAt: number) {
    this.#startedAt = startedAt;
  }

  /** `1:05, 12.5 rows/s, about 3:20 left, next look in 0:43, about 90,000 tokens`. */
  line(progress: Progress, now: number): string {
    const { answered, answeredBefore, total, tokens, isReadingDone, nextLook, expectedEnd } = progress;
    const seconds = Math.max(0, Math.floor((now - this.#startedAt) / 1000));
    const rate = seconds === 0 ? 0 : (answered - answeredBefore) / seconds;
    const parts = [spanText(seconds * 1000)];
    if (rate > 0)
      parts.push(`${rate < 10 ? rate.toFixed(1) : Math.round(rate).toLocaleString('en-US')} rows/s`);
    if (rate > 0 && isReadingDone && answered < total)
      parts.push(`about ${spanText(1000 * Math.ceil((total - answered) / rate))} left`);
    if (expectedEnd !== null && expectedEnd > now && answered < total)
      parts.push(`done by about ${momentText(expectedEnd, now)}`);
    if (nextLook !== null) parts.push(`next look in ${spanText(1000 * Math.ceil((nextLook - now) / 1000))}`);
    if (tokens > 0) parts.push(`about ${counted(tokens, 'token')}`);
    return parts.join(', ');
  }
}
