import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { isFinal, nextState, type ChunkEvent, type ChunkState } from '../../../src/ledger/chunk-state.ts';
import { chooseWays, wayOf, type Decided } from '../../../src/send/auto/choose-way.ts';
import { autoFacts, minute } from './facts.ts';

/** A batch as the provider has it. */
interface Batch {
  readonly answered: Set<number>;
  hasEnded: boolean;
  isRead: boolean;
}

interface Chunk {
  readonly origin: 'read' | 'retry';
  readonly rows: readonly number[];
  state: ChunkState;
  batch: Batch | null;
}

const mostRows = 30;
const open: ReadonlySet<ChunkState> = new Set([
  'sealed',
  'asking',
  'uploading',
  'uploaded',
  'creating',
  'submitted',
]);

const inBatches: ReadonlySet<ChunkState> = new Set(['uploading', 'uploaded', 'creating', 'submitted']);

/** A run and its provider, to which anything may happen in any order; processes come and go. */
class History {
  readonly faults: string[] = [];
  readonly #chunks: Chunk[] = [];
  readonly #answeredDirectly = new Set<number>();
  #waiting: number[] = [];
  #rows = 0;
  #isRead = false;
  #now = 0;
  #deadlineAt: number | null;
  #cutOverAt: number | null = null;
  readonly #standardBelow: number;

  constructor(deadlineAt: number | null, standardBelow: number) {
    this.#deadlineAt = deadlineAt;
    this.#standardBelow = standardBelow;
  }

  /** @param luck chooses what happens, and to what */
  happen(luck: number): void {
    const what = luck % 8;
    const rest = Math.floor(luck / 8);
    if (what === 0) this.#read(1 + (rest % 5));
    else if (what === 1) this.#now += (rest % 20) * minute;
    else if (what === 2) this.#repack();
    // The file is edited, and the process begins anew.
    else if (what === 3 && rest % 6 === 0) this.#setDeadline(rest % 5 === 0 ? null : rest % 300);
    else this.#step(rest);
  }

  /** Whatever is left happens too. */
  end(): void {
    while (!this.#isRead) this.#read(5);
    for (let luck = 0; luck < 100_000; luck += 7) {
      this.#repack();
      if (this.#waiting.length === 0 && this.#chunks.every(({ state }) => isFinal(state))) return;
      this.#step(luck);
    }
    throw new Error('The run does not come to its end.');
  }

  /** By how many ways each row was answered. */
  answers(): readonly number[] {
    return Array.from({ length: this.#rows }, (_, row) => {
      const batches = this.#chunks.filter(({ batch }) => batch?.answered.has(row)).length;
      return batches + (this.#answeredDirectly.has(row) ? 1 : 0);
    });
  }

  #read(rows: number): void {
    if (this.#isRead) return;
    if (this.#rows + rows >= mostRows) this.#isRead = true;
    this.#chunks.push(
      this.#sealed(
        'read',
        Array.from({ length: rows }, () => this.#rows++),
      ),
    );
  }

  #repack(): void {
    if (!this.#isRead || this.#waiting.length === 0) return;
    this.#chunks.push(this.#sealed('retry', this.#waiting));
    this.#waiting = [];
  }

  #sealed(origin: Chunk['origin'], rows: readonly number[]): Chunk {
    return { origin, rows, state: 'sealed', batch: null };
  }

  #setDeadline(minutes: number | null): void {
    this.#deadlineAt = minutes === null ? null : minutes * minute;
    this.#cutOverAt = null;
  }

  #decided(): Decided {
    const sum = (of: (chunk: Chunk) => boolean) =>
      this.#chunks.filter(of).reduce((total, { rows }) => total + rows.length, 0);
    const decided = chooseWays(
      autoFacts({
        now: this.#now,
        deadlineAt: this.#deadlineAt,
        cutOverAt: this.#cutOverAt,
        standardBelow: this.#standardBelow,
        isRead: this.#isRead,
        requests: this.#rows,
        again: this.#waiting.length + sum(({ origin, state }) => origin === 'retry' && open.has(state)),
        out: this.#waiting.length + sum(({ state }) => open.has(state)),
        asking: sum(({ state }) => state === 'asking'),
        inBatches: this.#chunks.filter(({ state }) => inBatches.has(state)).length,
      }),
    );
    if (decided.cutOver !== null) this.#cutOverAt ??= this.#now;
    return decided;
  }

  #step(luck: number): void {
    const active = this.#chunks.filter(({ state }) => !isFinal(state));
    const chunk = active[luck % Math.max(1, active.length)];
    if (chunk === undefined) return;
    const decided = this.#decided();
    const way = wayOf(chunk.state, chunk.origin, decided);
    if (way === 'standard') this.#ask(chunk);
    else if (way === 'batch') this.#send(chunk, Math.floor(luck / 3), decided.cutOver !== null);
  }

  #ask(chunk: Chunk): void {
    if (chunk.state !== 'asking') return move(chunk, 'asking_begun');
    for (const row of chunk.rows) {
      const batches = this.#chunks.flatMap(({ rows, batch }) =>
        batch !== null && rows.includes(row) ? [batch] : [],
      );
      // What this is all about.
      if (batches.some(({ hasEnded, isRead, answered }) => !hasEnded || !isRead || answered.has(row)))
        this.faults.push(`row ${row} was asked though a batch may answer it`);
      if (this.#answeredDirectly.has(row)) this.faults.push(`row ${row} was asked twice`);
      this.#answeredDirectly.add(row);
    }
    move(chunk, 'answers_written');
  }

  #send(chunk: Chunk, luck: number, isCancelled: boolean): void {
    switch (chunk.state) {
      case 'sealed':
        return move(chunk, 'upload_intended');
      case 'uploading':
        return move(chunk, 'upload_succeeded');
      case 'uploaded':
        move(chunk, 'create_intended');
        // Its reply may be lost, whether or not it was carried out.
        if (luck % 3 > 0) chunk.batch = { answered: new Set(), hasEnded: false, isRead: false };
        if (luck % 3 === 2) move(chunk, 'create_succeeded');
        return;
      case 'creating':
        return move(chunk, chunk.batch === null ? 'create_ruled_out' : 'create_succeeded');
      case 'submitted':
        return this.#watch(chunk, luck, isCancelled);
      case 'ended':
        return move(chunk, 'results_downloaded');
      case 'downloaded':
        return this.#load(chunk);
      case 'asking':
      case 'held':
      case 'loaded':
      case 'refused':
      case 'superseded':
        throw new Error(`A chunk that is ${chunk.state} is not to be sent in a batch.`);
    }
  }

  /** A batch answers on, also after it was cancelled, until it has ended. */
  #watch(chunk: Chunk, luck: number, isCancelled: boolean): void {
    const { batch, rows } = chunk;
    if (batch === null) throw new Error('There is no batch.');
    const next = rows.find((row) => !batch.answered.has(row));
    if (luck % 2 === 0 && next !== undefined) batch.answered.add(next);
    if (luck % 5 === 1 && batch.answered.size === 0) {
      // Refused for want of room: nothing of it runs.
      chunk.batch = null;
      return move(chunk, 'batch_deferred');
    }
    if (next !== undefined && !isCancelled && luck % 4 > 0) return;
    batch.hasEnded = true;
    move(chunk, 'batch_ended');
  }

  #load(chunk: Chunk): void {
    const { batch, rows } = chunk;
    if (batch !== null) {
      batch.isRead = true;
      this.#waiting.push(...rows.filter((row) => !batch.answered.has(row)));
    }
    move(chunk, 'results_loaded');
  }
}

function move(chunk: Chunk, event: ChunkEvent): void {
  chunk.state = nextState(chunk.state, event);
}

it('whatever happens, no row is asked synchronously while a batch may answer it', () => {
  const deadlines = fc.option(fc.integer({ min: 0, max: 300 }).map((minutes) => minutes * minute));
  const below = fc.constantFrom(0, 1, 4, 12, mostRows, 200);
  fc.assert(
    fc.property(
      deadlines,
      below,
      fc.array(fc.nat(), { maxLength: 250, size: 'max' }),
      (deadlineAt, standardBelow, path) => {
        const history = new History(deadlineAt, standardBelow);
        for (const luck of path) history.happen(luck);
        history.end();
        expect(history.faults).toEqual([]);
        expect(new Set(history.answers())).toEqual(new Set([1]));
      },
    ),
    { numRuns: 300 },
  );
});
