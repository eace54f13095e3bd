import type { BatchlineError } from '../core/errors.ts';
import { Semaphore } from '../core/semaphore.ts';
import { isAtProvider } from '../ledger/chunk-state.ts';
import type { ChunkRecord } from '../ledger/ledger.ts';
import type { Lane, Step, Waiting } from './lane.ts';
import { atOnce, type Stage, stageOf } from './stages.ts';

export interface DriverOptions {
  readonly lane: Lane;
  /** Joins a chunk with its downloaded results and loads it. */
  readonly load: (chunk: ChunkRecord) => Promise<Step>;
  /** Whether anything may be sent. */
  readonly sends: boolean;
  /** Aborted when nothing new is to be begun. */
  readonly drain: AbortSignal;
}

/** A chunk that has nothing to do before a moment. */
interface Sleeper {
  readonly chunk: ChunkRecord;
  readonly at: number;
  readonly why: Waiting;
}

/** Where a chunk is after its time at a stage; `step` is null where it goes on to the next. */
interface Stay {
  readonly chunk: ChunkRecord;
  readonly step: Exclude<Step, { readonly kind: 'moved' }> | null;
}

/** Node's timers hold no more milliseconds. */
const longestAlarmMs = 2 ** 31 - 1;

/**
 * Takes the chunks of a run step by step: whatever state the ledger has for a chunk is where it goes on, so that
 * continuing a run is the same code as running it. Chunks with nothing to do sleep in here and hold nothing else.
 */
export class ChunkDriver {
  readonly #options: DriverOptions;
  readonly #places: Readonly<Record<Stage, Semaphore>> = {
    send: new Semaphore(atOnce.send),
    ask: new Semaphore(atOnce.ask),
    settle: new Semaphore(atOnce.settle),
    look: new Semaphore(atOnce.look),
    fetch: new Semaphore(atOnce.fetch),
    load: new Semaphore(atOnce.load),
  };
  readonly #active = new Map<number, ChunkRecord>();
  readonly #asleep = new Map<number, Sleeper>();
  /** Chunks that this process leaves where they are: another one takes them further. */
  readonly #parked = new Map<number, ChunkRecord>();
  readonly #stuck = new Map<number, BatchlineError>();
  #alarm: NodeJS.Timeout | undefined;
  /** Whether a batch has ended since chunks were parked for want of room. */
  #hasNewRoom = false;
  #changed = Promise.withResolvers<void>();
  readonly #failed = new AbortController();

  constructor(options: DriverOptions) {
    this.#options = options;
    options.drain.addEventListener('abort', this.#onDrain, { once: true });
  }

  /** Chunks that are under way, asleep ones included. */
  get activeChunks(): number {
    return this.#active.size + this.#asleep.size;
  }

  /** Bytes of sealed files that are not with the provider yet. */
  get waitingBytes(): number {
    const waiting = this.#unfinished.filter(({ state }) => state === 'sealed' || state === 'uploading');
    return waiting.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Whether a batch is still on its way, so that its results may bring more rows to send again. */
  get awaitsBatches(): boolean {
    return this.activeChunks + this.#parked.size > 0;
  }

  /** Whether every chunk so far is with the provider, or may be. */
  get allSubmitted(): boolean {
    return this.#unfinished.every(({ batchId, state }) => batchId !== null || isAtProvider(state));
  }

  get parkedChunks(): number {
    return this.#parked.size;
  }

  /** Why chunks go no further before a person has decided, in their order. */
  get stuck(): readonly BatchlineError[] {
    return [...this.#stuck].toSorted(([a], [b]) => a - b).map(([, why]) => why);
  }

  get #unfinished(): readonly ChunkRecord[] {
    const sleepers = [...this.#asleep.values()].map(({ chunk }) => chunk);
    return [...this.#active.values(), ...sleepers, ...this.#parked.values()];
  }

  start(chunk: ChunkRecord): void {
    if (stageOf(chunk.state) === null) return;
    this.#active.set(chunk.chunk, chunk);
    void this.#advance(chunk)
      .catch((reason: unknown) => {
        this.#active.delete(chunk.chunk);
        this.fail(reason);
      })
      .finally(() => this.#notify());
  }

  /** Takes up the chunks that found no room, where a batch has ended since. */
  resumeParked(): void {
    if (!this.#hasNewRoom || !this.#options.sends) return;
    this.#hasNewRoom = false;
    for (const chunk of this.#parked.values()) {
      if (chunk.batchId !== null) continue;
      this.#parked.delete(chunk.chunk);
      this.start(chunk);
    }
  }

  /** Has whatever sleeps or is left go on: another way is open to it. */
  rouse(): void {
    if (this.hasFailed || !this.#options.sends) return;
    this.#wakeWhere(() => true);
    for (const chunk of this.#parked.values()) {
      this.#parked.delete(chunk.chunk);
      this.start(chunk);
    }
  }

  /** Resolves when a chunk has moved on. */
  async change(): Promise<void> {
    await this.#changed.promise;
  }

  /** Resolves when no chunk is under way. */
  async idle(): Promise<void> {
    while (this.activeChunks > 0) await this.change();
    clearTimeout(this.#alarm);
    this.#options.drain.removeEventListener('abort', this.#onDrain);
  }

  /** From now on nothing more is sent; what is at the provider is still brought home. */
  fail(reason: unknown): void {
    this.#failed.abort(reason);
    for (const { chunk } of this.#asleep.values())
      if (stageOf(chunk.state) === 'send') this.#asleep.delete(chunk.chunk);
    this.#notify();
  }

  /** @throws what the first chunk that failed has thrown */
  throwIfFailed(): void {
    this.failed.throwIfAborted();
  }

  /** Aborted, with what has failed, once nothing more is to be sent. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  get hasFailed(): boolean {
    return this.failed.aborted;
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  /** Takes a chunk as far as it goes now. */
  async #advance(first: ChunkRecord): Promise<void> {
    let chunk = first;
    for (let stage = stageOf(chunk.state); stage !== null; stage = stageOf(chunk.state)) {
      const [at, now] = [stage, chunk];
      const stay = await this.#places[at].run(() => this.#stay(now, at));
      chunk = stay.chunk;
      if (stay.step === null) continue;
      // Before it sleeps: who is woken at once is active anew.
      this.#active.delete(chunk.chunk);
      if (stay.step.kind === 'stuck') this.#stuck.set(chunk.chunk, stay.step.why);
      if (stay.step.kind === 'left') this.#parked.set(chunk.chunk, chunk);
      if (stay.step.kind === 'later') this.#sleep({ ...stay.step, chunk });
      return;
    }
    this.#active.delete(chunk.chunk);
  }

  /**
   * Takes a chunk through one stage without giving its place away: a file that was uploaded becomes a batch before the
   * next one is uploaded.
   */
  async #stay(first: ChunkRecord, stage: Stage): Promise<Stay> {
    let chunk = first;
    while (stageOf(chunk.state) === stage) {
      this.#options.drain.throwIfAborted();
      if (stage === 'send' || stage === 'ask') this.throwIfFailed();
      const { lane, load } = this.#options;
      const step = await (stage === 'load' ? load(chunk) : lane.step(chunk));
      if (step.kind !== 'moved') return { chunk, step };
      this.#noteMove(chunk, step.chunk);
      chunk = step.chunk;
    }
    return { chunk, step: null };
  }

  #noteMove(before: ChunkRecord, after: ChunkRecord): void {
    this.#active.set(after.chunk, after);
    if (before.state === 'submitted') this.#hasNewRoom = true;
    if (before.state === 'submitted' || before.state === 'creating') this.#wake('room');
    if (before.state === 'asking') this.#wake('turn');
    this.#notify();
  }

  #sleep(sleeper: Sleeper): void {
    this.#options.drain.throwIfAborted();
    // What has failed meanwhile would not be heard asleep.
    if (stageOf(sleeper.chunk.state) === 'send') this.throwIfFailed();
    this.#asleep.set(sleeper.chunk.chunk, sleeper);
    this.#setAlarm();
  }

  #setAlarm(): void {
    clearTimeout(this.#alarm);
    if (this.#asleep.size === 0) return;
    const next = Math.min(...[...this.#asleep.values()].map(({ at }) => at));
    const waitMs = Math.min(Math.max(0, next - Date.now()), longestAlarmMs);
    this.#alarm = setTimeout(() => {
      const now = Date.now();
      this.#wakeWhere(({ at }) => at <= now);
    }, waitMs);
  }

  #wake(why: Waiting): void {
    this.#wakeWhere((sleeper) => sleeper.why === why);
  }

  #wakeWhere(isDue: (sleeper: Sleeper) => boolean): void {
    for (const sleeper of this.#asleep.values()) {
      if (!isDue(sleeper)) continue;
      this.#asleep.delete(sleeper.chunk.chunk);
      this.start(sleeper.chunk);
    }
    this.#setAlarm();
  }

  readonly #onDrain = (): void => {
    this.#asleep.clear();
    clearTimeout(this.#alarm);
    this.fail(this.#options.drain.reason);
  };
}
