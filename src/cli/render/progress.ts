import type { PipelineEvent, Standing } from '../../core/events.ts';
import { awaitedRoom, lateText } from './words.ts';

/** What one chunk is doing. */
interface ChunkProgress {
  readonly state: 'sealed' | 'uploaded' | 'running' | 'ended' | 'loaded';
  readonly requests: number;
  readonly tokens: number;
  /** What the provider has answered well, as far as it counts that. */
  readonly completed: number;
  readonly loaded: number;
  readonly failed: number;
  /** How much of it was answered before this process looked at it; null where that is not known yet. */
  readonly before: number | null;
  /** When its batch is looked at next, in milliseconds since 1970; null where that is not known. */
  readonly lookDue: number | null;
  readonly batchId: string | null;
  /** Since when its batch is under way, in milliseconds since 1970; null where that is not known. */
  readonly since: number | null;
}

const order: readonly ChunkProgress['state'][] = ['sealed', 'uploaded', 'running', 'ended', 'loaded'];

/** A batch under way, as it is shown. */
export interface ShownBatch {
  readonly name: string;
  readonly since: number | null;
  /** Null where nobody says. */
  readonly done: number | null;
  readonly requests: number;
}

const nothing: Standing = {
  records: 0,
  requested: 0,
  isRead: false,
  ok: 0,
  failed: 0,
  loadedFiles: 0,
  open: [],
};

/**
 * Where a run stands, as far as events have told, and where earlier processes have left it. Rows that are sent again count
 * once, and what was shown never goes back, but where rows that had failed are given another try.
 */
export class Progress {
  isReadingDone = false;
  /** What files wait for; empty where none does. */
  waitsFor = '';
  /** By what it is late; empty where it is not. */
  late = '';
  /** When half of all such runs are done, in milliseconds since 1970; null where that is not known. */
  expectedEnd: number | null = null;
  #standing = nothing;
  #records = 0;
  #requested = 0;
  readonly #chunks = new Map<number, ChunkProgress>();
  /** Of all chunks; adding them up for each event would be slow where there are thousands. */
  readonly #sums = { answered: 0, loaded: 0 };
  readonly #shown = { total: 0, answered: 0, loaded: 0 };

  /** @param at when it happened, in milliseconds since 1970 */
  take(event: PipelineEvent, at: number | null = null): void {
    this.#take(event, at);
    this.#shown.total = Math.max(this.#shown.total, this.#standing.requested + this.#requested);
    this.#shown.answered = this.#risen('answered', this.#standing.ok + this.#standing.failed);
    this.#shown.loaded = this.#risen('loaded', this.#standing.ok);
  }

  /** Records read so far, those of earlier processes included. */
  get records(): number {
    return this.#standing.records + this.#records;
  }

  /** Rows that are to be answered. */
  get total(): number {
    // Where nothing was told of reading, as when it was over before, the files tell.
    return Math.max(this.#shown.total, this.#shown.total === 0 ? this.#sum(({ requests }) => requests) : 0);
  }

  /** Rows whose answer is there, or whose failure is final. */
  get answered(): number {
    return Math.min(this.#shown.answered, this.total);
  }

  /** How many of them were there before this process looked. */
  get answeredBefore(): number {
    const { ok, failed } = this.#standing;
    return ok + failed + this.#sum((chunk) => chunk.before ?? answeredOf(chunk));
  }

  get loaded(): number {
    return Math.min(this.#shown.loaded, this.total);
  }

  get failed(): number {
    return this.#standing.failed + this.#sum(({ failed }) => failed);
  }

  get files(): number {
    return this.#standing.loadedFiles + this.#chunks.size;
  }

  /** Estimated prompt tokens of the files that this process has sealed. */
  get tokens(): number {
    return this.#sum(({ tokens }) => tokens);
  }

  /** When the next look at a batch is due, in milliseconds since 1970; null where none is planned. */
  get nextLook(): number | null {
    const due = [...this.#chunks.values()].flatMap(({ state, lookDue }) =>
      state === 'running' && lookDue !== null ? [lookDue] : [],
    );
    return due.length === 0 ? null : Math.min(...due);
  }

  /** Requests of files that have come so far, or farther. */
  reached(state: 'sealed' | 'uploaded' | 'ended'): number {
    const least = order.indexOf(state);
    const { ok, failed } = this.#standing;
    const sum = this.#sum((chunk) => (order.indexOf(chunk.state) >= least ? chunk.requests : 0));
    return Math.min(ok + failed + sum, this.total);
  }

  /** The batches under way, the oldest first, at most so many. */
  oldest(most: number): readonly ShownBatch[] {
    const running = [...this.#chunks].filter(([, { state }]) => state === 'running');
    const byAge = running.toSorted(([, a], [, b]) => (a.since ?? Infinity) - (b.since ?? Infinity));
    return byAge.slice(0, most).map(([chunk, { batchId, since, completed, requests }]) => ({
      name: batchId ?? `file ${chunk}`,
      since,
      done: Math.min(completed, requests),
      requests,
    }));
  }

  /** How many files are in one of these states. */
  inState(...states: readonly ChunkProgress['state'][]): number {
    const before = states.includes('loaded') ? this.#standing.loadedFiles : 0;
    return before + [...this.#chunks.values()].filter(({ state }) => states.includes(state)).length;
  }

  #take(event: PipelineEvent, at: number | null): void {
    switch (event.type) {
      case 'RunStarted':
        return this.#goOn(event.standing ?? nothing);
      case 'RowsRead':
        // Reading that begins anew counts from the start.
        this.#records = Math.max(this.#records, event.records);
        this.#requested = Math.max(this.#requested, event.requested);
        return;
      case 'ReadingFinished':
        this.#records = Math.max(this.#records, event.records);
        this.isReadingDone = true;
        return;
      case 'ChunkSealed':
        return this.#set(event.chunk, { state: 'sealed', requests: event.requests, tokens: event.tokens });
      case 'FileUploaded':
        return this.#set(event.chunk, { state: 'uploaded' });
      case 'RoomAwaited':
        this.waitsFor = awaitedRoom(event);
        return;
      case 'EndForecast':
        this.expectedEnd = event.p50;
        return;
      case 'BecameLate':
        this.late = lateText(event);
        return;
      case 'BatchDeferred':
        return this.#set(event.chunk, { state: 'uploaded', completed: 0 });
      case 'ChunkSuperseded':
        return this.#forget(event.chunk);
      case 'BatchSubmitted':
        this.waitsFor = '';
        return this.#set(event.chunk, { state: 'running', batchId: event.batchId, since: at });
      case 'BatchPolled':
        // What failed may be sent again.
        this.#set(event.chunk, {
          completed: event.completed - event.failed,
          requests: event.total,
          batchId: event.batchId,
        });
        return this.#noteBefore(event.chunk);
      case 'LookPlanned':
        return this.#set(event.chunk, { lookDue: event.due });
      case 'BatchEnded':
        return this.#set(event.chunk, { state: 'ended' });
      case 'RequestsAnswered':
        return this.#set(event.chunk, {
          state: 'running',
          completed: event.answered,
          requests: event.requests,
        });
      case 'RowsLoaded':
        return this.#set(event.chunk, { loaded: this.#get(event.chunk).loaded + event.rows });
      case 'ChunkLoaded':
        this.#set(event.chunk, { state: 'loaded', loaded: event.ok, failed: event.failed });
        return this.#noteBefore(event.chunk);
      case 'FollowersLoaded': {
        const { loaded, failed } = this.#get(event.chunk);
        return this.#set(event.chunk, { loaded: loaded + event.ok, failed: failed + event.failed });
      }
      case 'RowsReopened':
        return this.#reopen(event.loaded + event.sent);
      case 'PlanMade':
      case 'Warned':
      case 'WayChosen':
      case 'RowsDeleted':
      case 'StepRetried':
      case 'RunEnded':
    }
  }

  #goOn(standing: Standing): void {
    this.#standing = standing;
    this.isReadingDone = standing.isRead;
    for (const { chunk, state, requests, since = null, batchId = null } of standing.open)
      this.#set(chunk, { state, requests, since, batchId, before: state === 'sealed' ? 0 : null });
  }

  /** Rows that had failed count no longer as such, nor as answered; those that were loaded in vain count anew. */
  #reopen(rows: number): void {
    const inVain = this.#sum(({ failed }) => failed);
    this.#standing = { ...this.#standing, failed: Math.max(0, this.#standing.failed - rows - inVain) };
    this.#shown.answered = 0;
  }

  /** What is first seen of a file that an earlier process has sent says nothing of the pace. */
  #noteBefore(chunk: number): void {
    const progress = this.#get(chunk);
    this.#set(chunk, { before: progress.before ?? answeredOf(progress) });
  }

  #risen(name: 'answered' | 'loaded', before: number): number {
    return Math.max(this.#shown[name], before + this.#sums[name]);
  }

  #get(chunk: number): ChunkProgress {
    return this.#chunks.get(chunk) ?? unknownChunk;
  }

  #set(chunk: number, change: Partial<ChunkProgress>): void {
    const before = this.#get(chunk);
    const requests = change.requests === 0 ? before.requests : (change.requests ?? before.requests);
    const after = { ...before, ...change, requests };
    this.#chunks.set(chunk, after);
    this.#count(before, after);
  }

  #forget(chunk: number): void {
    this.#count(this.#get(chunk), unknownChunk);
    this.#chunks.delete(chunk);
  }

  #count(before: ChunkProgress, after: ChunkProgress): void {
    this.#sums.answered += answeredOf(after) - answeredOf(before);
    this.#sums.loaded += after.loaded - before.loaded;
  }

  #sum(of: (chunk: ChunkProgress) => number): number {
    return this.#chunks.values().reduce((total, chunk) => total + of(chunk), 0);
  }
}

const unknownChunk: ChunkProgress = {
  state: 'sealed',
  requests: 0,
  tokens: 0,
  completed: 0,
  loaded: 0,
  failed: 0,
  before: 0,
  lookDue: null,
  batchId: null,
  since: null,
};

/** A provider's counter holds until the file is loaded; then rows that are to be sent again do not count as answered. */
function answeredOf({ state, requests, completed, loaded, failed }: ChunkProgress): number {
  return state === 'loaded' ? loaded + failed : Math.min(completed, requests);
}
