import type { Progress } from './progress.ts';
import { counted } from './words.ts';

/** How fast a run goes in this process, and how long it may still take. */
export class Pace {
  readonly #startedAt: number;
  #answeredBefore = 0;

  /** @param startedAt milliseconds */
  constructor(startedAt: number) {
    this.#startedAt = startedAt;
  }

  /** What earlier processes have answered says nothing of the pace. */
  begin(answeredBefore: number): void {
    this.#answeredBefore = answeredBefore;
  }

  /** `time     1:05, 12.5 rows/s, about 90,000 tokens, about 3:20 left`. */
  line({ answered, total, tokens, isReadingDone }: Progress, now: number): string {
    const seconds = Math.max(0, Math.floor((now - this.#startedAt) / 1000));
    const rate = seconds === 0 ? 0 : (answered - this.#answeredBefore) / seconds;
    const parts = [clock(seconds)];
    if (rate > 0)
      parts.push(`${rate < 10 ? rate.toFixed(1) : Math.round(rate).toLocaleString('en-US')} rows/s`);
    if (tokens > 0) parts.push(`about ${counted(tokens, 'token')}`);
    if (rate > 0 && isReadingDone && answered < total)
      parts.push(`about ${clock(Math.ceil((total - answered) / rate))} left`);
    return `time     ${parts.join(', ')}`;
  }
}

/** `0:07`, `12:05`, `3:00:09`. */
function clock(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = String(seconds % 60).padStart(2, '0');
  return hours === 0 ? `${minutes}:${rest}` : `${hours}:${String(minutes).padStart(2, '0')}:${rest}`;
}
