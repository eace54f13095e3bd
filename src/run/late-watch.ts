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
    await this.#look();
  }

  async #look(): Promise<void> {
    const { ledger, run, host } = this.#watched;
    // No run ends for want of knowing that it is late; what is wrong with the ledger shows elsewhere.
    await noteLateness(ledger, run.runId, host.emit).catch(() => {});
    if (this.#isClosed) return;
    const due = (await ledger.run(run.runId).catch(() => null))?.deadlineAt ?? Infinity;
    const untilDue = due >= Date.now() ? due - Date.now() + 1 : Infinity;
    const waitMs = Math.max(shortestLookMs, Math.min(untilDue, longestLookMs));
    this.#timer = setTimeout(() => {
      this.#looking = this.#look();
    }, waitMs).unref();
  }
}
