import type { PipelineEvent, Standing } from '../../core/events.ts';
import { awaitedRoom } from './words.ts';

/** What one chunk is doing. */
interface ChunkProgress {
  readonly state: 'sealed' | 'uploaded' | 'running' | 'ended' | 'loaded';
  readonly requests: number;
  readonly tokens: number;
  readonly completed: number;
  readonly loaded: number;
  readonly failed: number;
}

const nothing: Standing = { records: 0, requested: 0, ok: 0, failed: 0, loadedFiles: 0, open: [] };

/**
 * Where a run stands, as far as events have told, and where earlier processes have left it. Rows that are sent again count
 * once, and what was shown never goes back.
 */
export class Progress {
  isReadingDone = false;
  /** What files wait for; empty where none does. */
  waitsFor = '';
  #standing = nothing;
  #records = 0;
  #requested = 0;
  readonly #chunks = new Map<number, ChunkProgress>();
  readonly #shown = { total: 0, answered: 0, loaded: 0 };

  take(event: PipelineEvent): void {
    this.#take(event);
    this.#shown.total = Math.max(this.#shown.total, this.#standing.requested + this.#requested);
    this.#shown.answered = this.#risen('answered', this.#standing.ok + this.#standing.failed, answeredOf);
    this.#shown.loaded = this.#risen('loaded', this.#standing.ok, ({ loaded }) => loaded);
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

  /** How many files are in one of these states. */
  inState(...states: readonly ChunkProgress['state'][]): number {
    const before = states.includes('loaded') ? this.#standing.loadedFiles : 0;
    return before + [...this.#chunks.values()].filter(({ state }) => states.includes(state)).length;
  }

  #take(event: PipelineEvent): void {
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
      case 'BatchDeferred':
        return this.#set(event.chunk, { state: 'uploaded', completed: 0 });
      case 'ChunkSuperseded':
        this.#chunks.delete(event.chunk);
        return;
      case 'BatchSubmitted':
        this.waitsFor = '';
        return this.#set(event.chunk, { state: 'running' });
      case 'BatchPolled':
        return this.#set(event.chunk, { completed: event.completed, requests: event.total });
      case 'BatchEnded':
        return this.#set(event.chunk, { state: 'ended' });
      case 'RowsLoaded':
        return this.#set(event.chunk, { loaded: this.#get(event.chunk).loaded + event.rows });
      case 'ChunkLoaded':
        return this.#set(event.chunk, { state: 'loaded', loaded: event.ok, failed: event.failed });
      case 'FollowersLoaded': {
        const { loaded, failed } = this.#get(event.chunk);
        return this.#set(event.chunk, { loaded: loaded + event.ok, failed: failed + event.failed });
      }
      case 'Warned':
      case 'RowsReopened':
      case 'RowsDeleted':
      case 'StepRetried':
      case 'RunEnded':
    }
  }

  #goOn(standing: Standing): void {
    this.#standing = standing;
    for (const { chunk, state, requests } of standing.open) this.#set(chunk, { state, requests });
  }

  #risen(name: 'answered' | 'loaded', before: number, of: (chunk: ChunkProgress) => number): number {
    return Math.max(this.#shown[name], before + this.#sum(of));
  }

  #get(chunk: number): ChunkProgress {
    return this.#chunks.get(chunk) ?? unknownChunk;
  }

  #set(chunk: number, change: Partial<ChunkProgress>): void {
    const before = this.#get(chunk);
    const requests = change.requests === 0 ? before.requests : (change.requests ?? before.requests);
    this.#chunks.set(chunk, { ...before, ...change, requests });
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
};

/** A provider's counter holds until the file is loaded; then rows that are to be sent again do not count as answered. */
function answeredOf({ state, requests, completed, loaded, failed }: ChunkProgress): number {
  return state === 'loaded' ? loaded + failed : Math.min(completed, requests);
}
