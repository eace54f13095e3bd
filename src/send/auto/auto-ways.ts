import type { EventListener } from '../../core/events.ts';
import type { ChunkRecord, Ledger, RunRecord } from '../../ledger/ledger.ts';
import { chooseWays, wayOf, type Choice, type Decided, type Way } from './choose-way.ts';
import type { DirectSpeed } from './tail.ts';
import type { Ways } from './ways.ts';

/** What is reckoned may change while nothing happens; so often it is reckoned anew at least. */
const longestLookMs = 30_000;
const shortestLookMs = 50;

export interface AutoOptions {
  readonly ledger: Ledger;
  /** With the deadline that holds now; null where it has none, or none any more. */
  readonly run: Pick<RunRecord, 'runId' | 'pipeline' | 'startedAt' | 'deadlineAt' | 'cutOverAt'>;
  readonly model: string;
  readonly standardBelow: number;
  /** The most tokens that an answer may have; limits on tokens count them. */
  readonly outputCeiling: number;
  readonly limits: Omit<DirectSpeed, 'requestMs'>;
  readonly emit: EventListener;
  /** Told of what keeps it from looking. */
  readonly fail: (reason: unknown) => void;
}

/** What is decided upon, each for itself. */
type About = 'first' | 'again';

/**
 * The ways of a run under `mode: auto`. What it decides follows from the ledger at any moment, but for the giving up of
 * batches: that is noted before the first of them is cancelled, and stands.
 */
export class AutoWays implements Ways {
  readonly #options: AutoOptions;
  readonly #told: Map<About, Way>;
  #decided: Decided;
  #cutOverAt: number | null;
  #onOpened = (): void => {};
  #looking: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  private constructor(options: AutoOptions, told: Map<About, Way>, decided: Decided) {
    this.#options = options;
    this.#told = told;
    this.#decided = decided;
    this.#cutOverAt = options.run.cutOverAt;
  }

  /** Decides for the first time. */
  static async open(options: AutoOptions): Promise<AutoWays> {
    const decided = chooseWays(await factsOf(options, options.run.cutOverAt));
    const ways = new AutoWays(options, await toldBefore(options), decided);
    await ways.look();
    return ways;
  }

  wayOf({ state, origin }: ChunkRecord): Way {
    if (state === 'sealed' && !this.cutsOver) this.#tell(origin === 'read' ? 'first' : 'again');
    return wayOf(state, origin, this.#decided);
  }

  get isOpen(): boolean {
    return this.#decided.first.way === 'wait';
  }

  get cutsOver(): boolean {
    return this.#cutOverAt !== null;
  }

  get hurries(): boolean {
    const { hurryAt } = this.#decided;
    return hurryAt !== null && Date.now() >= hurryAt;
  }

  get deadlineAt(): number | null {
    return this.#options.run.deadlineAt;
  }

  get asks(): boolean {
    return this.cutsOver;
  }

  onOpened(listener: () => void): void {
    this.#onOpened = listener;
  }

  look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look());
    return this.#looking;
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#isClosed) return;
    const facts = await factsOf(this.#options, this.#cutOverAt);
    const decided = chooseWays(facts);
    const { cutOver } = decided;
    if (cutOver !== null && this.#cutOverAt === null) await this.#cutOver(cutOver, facts.now);
    const isNewlyCutOver = decided.cutOver !== null && this.#decided.cutOver === null;
    const hasOpened = isNewlyCutOver || (this.isOpen && decided.first.way !== 'wait');
    this.#decided = decided;
    // What is sent again later is decided upon anew.
    if (facts.again === 0) this.#told.delete('again');
    this.#plan(decided.cutOverDue);
    if (hasOpened) this.#onOpened();
  }

  /** Told first: what is not known to have been told is told again. */
  async #cutOver(reason: string, now: number): Promise<void> {
    const { ledger, run, emit } = this.#options;
    emit({ type: 'WayChosen', way: 'standard', about: 'deadline', reason });
    await ledger.auto.noteCutOver(run.runId, now);
    this.#cutOverAt = now;
  }

  #plan(due: number | null): void {
    clearTimeout(this.#timer);
    if (due === null || this.#cutOverAt !== null || this.#isClosed) return;
    const waitMs = Math.max(shortestLookMs, Math.min(due - Date.now(), longestLookMs));
    this.#timer = setTimeout(() => void this.look().catch(this.#options.fail), waitMs).unref();
  }

  #tell(about: About): void {
    const { way, reason }: Choice = this.#decided[about];
    if (way === 'wait' || this.#told.get(about) === way) return;
    this.#told.set(about, way);
    this.#options.emit({ type: 'WayChosen', way, about, reason });
  }
}

async function factsOf(options: AutoOptions, cutOverAt: number | null) {
  const { ledger, run, model, standardBelow, outputCeiling, limits } = options;
  const { startedAt, deadlineAt, pipeline } = run;
  const { requestMs, cancelMs } = await ledger.auto.durations(pipeline, model);
  const outlook = await ledger.auto.outlook(run.runId);
  return {
    ...outlook,
    tokensPerRequest: outlook.tokensPerRequest + outputCeiling,
    now: Date.now(),
    startedAt,
    deadlineAt,
    cutOverAt,
    standardBelow,
    speed: { ...limits, requestMs },
    cancelMs,
  };
}

/** What earlier processes have told is not told again. */
async function toldBefore({ ledger, run }: AutoOptions): Promise<Map<About, Way>> {
  const told = new Map<About, Way>();
  for await (const event of ledger.events(run.runId, 0, 'WayChosen'))
    if (event.type === 'WayChosen' && event.about !== 'deadline') told.set(event.about, event.way);
  return told;
}
