import { forecastRun } from '../forecast/forecast-run.ts';
import type { Collection } from '../job/job.ts';
import { noteLateness } from './lateness.ts';

const longestLookMs = 30_000;
const shortestLookMs = 50;

type Watched = Pick<Collection, 'ledger' | 'run' | 'host'>;

/** Looks now, while the process works on a run, and once more at the end, whether the run has become late. */
export class LateWatch implements AsyncDisposable {
  readonly #watched: Watched;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isClosed = false;

  private constructor(watched: Watched) {
    this.#watched = watched;
  }

  static async begin(watched: Watched): Promise<LateWatch> {
    const watch = new LateWatch(watched);
    await watch.#look();
    return watch;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#looking;
    // A look that was under way has planned another.
    clearTimeout(this.#timer);
    await this.#look();
  }

  async #look(): Promise<void> {
    const { ledger, run, host } = this.#watched;
    // No run ends for want of knowing that it is late; what is wrong with the ledger shows elsewhere.
    await noteLateness(ledger, run.runId, host.emit).catch(() => {});
    if (this.#isClosed) return;
    await this.#tellForecast().catch(() => {});
    const due = (await ledger.run(run.runId).catch(() => null))?.deadlineAt ?? Infinity;
    const untilDue = due >= Date.now() ? due - Date.now() + 1 : Infinity;
    const waitMs = Math.max(shortestLookMs, Math.min(untilDue, longestLookMs));
    this.#timer = setTimeout(() => {
      this.#looking = this.#look();
    }, waitMs).unref();
  }

  async #tellForecast(): Promise<void> {
    const { ledger, run, host } = this.#watched;
    const now = Date.now();
    const expected = await forecastRun(ledger, run.runId, now);
    if (expected?.kind !== 'in') return;
    host.emit({ type: 'EndForecast', p50: now + expected.p50, p90: now + expected.p90 });
  }
}
