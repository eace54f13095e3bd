import type { CallName } from '../http/call-name.ts';
import type { BatchPlan } from './batch-plan.ts';
import { FaultStore, type FaultSetting, type Tally } from './fault-store.ts';
import type { Faults, FaultsInput } from './faults.ts';
import type { HttpFault } from './http-faults.ts';
import { hits } from './occurrence.ts';
import type { ServerManners } from './server-manners.ts';

const noFaults: readonly HttpFault[] = [];
const notSeen: Tally = { seen: 0, hits: 0 };

/** Knows the faults that are set, and decides which batch and which call they hit. */
export class FaultDesk implements Disposable {
  readonly store: FaultStore;
  readonly #seed: number;
  readonly #hidden: Map<string, number>;
  #setting: FaultSetting;
  #faults: Faults | null = null;
  #tallies: Map<string, Tally>;

  private constructor(store: FaultStore, seed: number) {
    this.store = store;
    this.#seed = seed;
    this.#hidden = store.hiddenFiles();
    this.#setting = store.setting() ?? { given: null, current: null, generation: 0, setMs: 0 };
    this.#tallies = store.tallies();
  }

  /**
   * Takes up what the folder holds. Faults that were set while the emulator ran hold on where it is started with the
   * same ones again, and so does what was counted; any others begin anew.
   *
   * @throws BatchlineError `invalid_faults`
   */
  static async open(folder: string, given: FaultsInput | undefined, seed: number): Promise<FaultDesk> {
    using opening = new DisposableStack();
    const store = opening.use(new FaultStore(folder));
    const desk = new FaultDesk(store, seed);
    const text = given === undefined ? null : JSON.stringify(given);
    if (text === desk.#setting.given) await desk.#takeUp();
    else await desk.#set(text, text);
    opening.move();
    return desk;
  }

  /** Sets other faults, for calls and batches from now on. @throws BatchlineError `invalid_faults` */
  async set(faults: FaultsInput): Promise<void> {
    await this.#set(JSON.stringify(faults), this.#setting.given);
  }

  /** The most that a file may hold; undefined where it is OpenAI's. */
  get fileLimits(): Pick<Faults['limits'], 'requests' | 'bytes'> {
    return this.#faults?.limits ?? {};
  }

  /** How the server behaves at every call; null where it does as OpenAI's. */
  get manners(): ServerManners | null {
    return this.#faults?.server ?? null;
  }

  /** What is set, and how often each fault came into question and hit. */
  show(): object {
    const faults: unknown = this.#setting.current === null ? {} : JSON.parse(this.#setting.current);
    return { faults, tallies: Object.fromEntries(this.#tallies) };
  }

  /** Decides what is to happen to a batch that is being created; null where nothing is. */
  planBatch(): BatchPlan | null {
    const faults = this.#faults;
    if (faults === null) return null;
    const number = this.#tally('created', () => true).seen;
    const isFor = (kind: string) => (fault: BatchSelector, position: number) =>
      this.#isForBatch(`${kind}[${position}]`, fault, number);
    const rows = faults.rows.map((fault, position) => ({ ...fault, position }));
    const plan = {
      seed: faults.seed ?? this.#seed,
      generation: this.#setting.generation,
      batches: faults.batches.filter(isFor('batches')),
      rows: rows.filter(isFor('rows')),
      countsAttempts: rows.some(({ attempts }) => attempts !== undefined),
      enqueuedTokens: faults.limits.enqueued_tokens ?? null,
    };
    return isEmpty(plan) ? null : plan;
  }

  /** The faults that hit a call. */
  forCall(call: CallName): readonly HttpFault[] {
    const faults = this.#faults?.http ?? noFaults;
    if (faults.length === 0) return noFaults;
    const elapsedMs = Date.now() - this.#setting.setMs;
    const seed = this.#faults?.seed ?? this.#seed;
    return faults.filter((fault, position) => {
      if (!isForCall(fault, call) || elapsedMs < (fault.after?.ms ?? 0)) return false;
      const name = `http[${position}]`;
      return this.#tally(name, (tally) => hits(fault, tally, `${seed}/${name}`)).isHit;
    });
  }

  hideFile(id: string, untilMs: number): void {
    this.store.hideFile(id, untilMs);
    this.#hidden.set(id, untilMs);
  }

  isHidden(fileId: string): boolean {
    return (this.#hidden.get(fileId) ?? 0) > Date.now();
  }

  [Symbol.dispose](): void {
    this.store[Symbol.dispose]();
  }

  #isForBatch(name: string, { batches, times }: BatchSelector, number: number): boolean {
    return this.#tally(name, ({ hits }) => {
      return (batches?.includes(number) ?? true) && hits < (times ?? Infinity);
    }).isHit;
  }

  /** Counts one more that came by. */
  #tally(name: string, judge: (tally: Tally) => boolean): Tally & { readonly isHit: boolean } {
    const before = this.#tallies.get(name) ?? notSeen;
    const seen = before.seen + 1;
    const isHit = judge({ seen, hits: before.hits });
    const after = { seen, hits: before.hits + (isHit ? 1 : 0) };
    this.#tallies.set(name, after);
    this.store.count(this.#setting.generation, name, after);
    return { ...after, isHit };
  }

  async #set(current: string | null, given: string | null): Promise<void> {
    const faults = current === null ? null : await parse(current);
    const generation = this.#setting.generation + 1;
    this.#setting = { given, current, generation, setMs: Date.now() };
    this.#faults = faults;
    this.#tallies = new Map();
    this.store.set(this.#setting);
  }

  async #takeUp(): Promise<void> {
    if (this.#setting.current !== null) this.#faults = await parse(this.#setting.current);
  }
}

interface BatchSelector {
  readonly batches?: readonly number[] | undefined;
  readonly times?: number | undefined;
}

function isForCall(fault: HttpFault, call: CallName): boolean {
  if (!('on' in fault)) return fault.fault.startsWith('download_') ? call === 'download' : true;
  return fault.on?.includes(call) ?? true;
}

function isEmpty(plan: BatchPlan): boolean {
  const { batches, rows, countsAttempts, enqueuedTokens } = plan;
  return batches.length === 0 && rows.length === 0 && !countsAttempts && enqueuedTokens === null;
}

/** The checks are loaded when there is something to check: an emulator without faults starts without them. */
async function parse(text: string): Promise<Faults> {
  const { checkFaults } = await import('./read-faults.ts');
  return checkFaults(JSON.parse(text));
}
