import type { PipelineEvent } from '../../core/events.ts';
import { awaitedRoom } from './words.ts';

/** What one chunk is doing. */
interface ChunkProgress {
  readonly state: 'sealed' | 'uploaded' | 'running' | 'ended' | 'loaded';
  readonly requests: number;
  readonly completed: number;
  readonly loaded: number;
  readonly failed: number;
}

/** Where a run stands, as far as events have told. */
export class Progress {
  records = 0;
  requested = 0;
  isReadingDone = false;
  /** What files wait for; empty where none does. */
  waitsFor = '';
  readonly #chunks = new Map<number, ChunkProgress>();

  take(event: PipelineEvent): void {
    switch (event.type) {
      case 'RowsRead':
        this.records = event.records;
        this.requested = event.requested;
        return;
      case 'ReadingFinished':
        this.records = event.records;
        this.isReadingDone = true;
        return;
      case 'ChunkSealed':
        return this.#set(event.chunk, { state: 'sealed', requests: event.requests });
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
        return this.#set(event.chunk, {
          state: 'ended',
          ...(event.status === 'completed' ? { completed: this.#get(event.chunk).requests } : {}),
        });
      case 'RowsLoaded':
        return this.#set(event.chunk, { loaded: this.#get(event.chunk).loaded + event.rows });
      case 'ChunkLoaded':
        return this.#set(event.chunk, { state: 'loaded', loaded: event.ok, failed: event.failed });
      case 'FollowersLoaded':
        return this.#set(event.chunk, { failed: this.#get(event.chunk).failed + event.failed });
      case 'RunStarted':
      case 'Warned':
      case 'RowsReopened':
      case 'RowsDeleted':
      case 'StepRetried':
      case 'RunEnded':
    }
  }

  #get(chunk: number): ChunkProgress {
    return this.#chunks.get(chunk) ?? { state: 'sealed', requests: 0, completed: 0, loaded: 0, failed: 0 };
  }

  #set(chunk: number, change: Partial<ChunkProgress>): void {
    const before = this.#get(chunk);
    const requests = change.requests === 0 ? before.requests : (change.requests ?? before.requests);
    this.#chunks.set(chunk, { ...before, ...change, requests });
  }

  get files(): number {
    return this.#chunks.size;
  }

  /** How many chunks are in one of these states. */
  inState(...states: readonly ChunkProgress['state'][]): number {
    return [...this.#chunks.values()].filter(({ state }) => states.includes(state)).length;
  }

  sum(count: 'requests' | 'completed' | 'loaded' | 'failed'): number {
    return this.#chunks.values().reduce((total, chunk) => total + chunk[count], 0);
  }
}
