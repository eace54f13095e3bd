import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decideRoom,
  learnFromRefusal,
  tokenCap,
  type EnqueuedBatch,
  type LearnedCap,
  type RoomState,
} from '../../src/ledger/room.ts';

function state(changes: Partial<RoomState> = {}): RoomState {
  return {
    limits: { tokens: null, inputs: 1_000_000, batchesAnHour: 2000 },
    learned: null,
    tokensPerEstimate: 1,
    enqueued: [],
    createdLastHour: 0,
    ...changes,
  };
}

function batch(chunk: number, tokens: number, inputs = 0): EnqueuedBatch {
  return { runId: 'run-1', chunk, batchId: `batch-${chunk}`, tokens, inputs };
}

const learned = (tokens: number, isStated = true, changedAt = 0): LearnedCap => ({
  tokens,
  isStated,
  changedAt,
});
const wanted = (tokens: number, requests = 10, inputs = 0) => ({ tokens, requests, inputs });

describe('room at the provider', () => {
  it('is there for anything while no limit is known', () => {
    expect(decideRoom(state({ enqueued: [batch(1, 1e9)] }), wanted(1e9))).toEqual({ kind: 'take' });
  });

  it('is what the limit leaves beside what is enqueued', () => {
    const full = state({ learned: learned(100), enqueued: [batch(1, 60)] });
    expect(decideRoom(full, wanted(40))).toEqual({ kind: 'take' });
    expect(decideRoom(full, wanted(41))).toEqual({ kind: 'wait', for: 'tokens', used: 60, limit: 100 });
  });

  it('counts estimates at what they have come to', () => {
    const full = state({ learned: learned(100), enqueued: [batch(1, 60)], tokensPerEstimate: 1.25 });
    expect(decideRoom(full, wanted(20))).toEqual({ kind: 'take' });
    expect(decideRoom(full, wanted(21))).toEqual({ kind: 'wait', for: 'tokens', used: 75, limit: 100 });
  });

  it('is never there for a file above the limit, which is to be parted', () => {
    expect(decideRoom(state({ learned: learned(100) }), wanted(101))).toEqual({
      kind: 'too_large',
      cap: { tokens: 100, isStated: true },
      largest: 100,
    });
  });

  it('is tried for a single row that is only guessed to be too large, once it would be alone', () => {
    const guessed = learned(100, false);
    expect(decideRoom(state({ learned: guessed }), wanted(101, 1))).toEqual({ kind: 'take' });
    const enqueued = [batch(1, 1)];
    expect(decideRoom(state({ learned: guessed, enqueued }), wanted(101, 1)).kind).toBe('wait');
    expect(decideRoom(state({ learned: guessed }), wanted(101, 2)).kind).toBe('too_large');
    expect(decideRoom(state({ learned: learned(100) }), wanted(101, 1)).kind).toBe('too_large');
  });

  it('heeds embedding inputs of all models and batches of the last hour', () => {
    const inputs = state({ enqueued: [batch(1, 0, 999_999)] });
    expect(decideRoom(inputs, wanted(5, 1, 1))).toEqual({ kind: 'take' });
    expect(decideRoom(inputs, wanted(5, 2, 2))).toMatchObject({ kind: 'wait', for: 'embedding_inputs' });
    expect(decideRoom(inputs, wanted(5, 2, 0))).toEqual({ kind: 'take' });
    const busy = state({ createdLastHour: 2000 });
    const full = { kind: 'wait', for: 'batches_an_hour', used: 2000, limit: 2000 };
    expect(decideRoom(busy, wanted(5))).toEqual(full);
  });

  it('holds batches under way to their number, where one is known', () => {
    const enqueued = [batch(1, 5), batch(2, 5)];
    const limits = { tokens: null, inputs: 1, batchesAnHour: 9, batchesUnderWay: 2 };
    const full = { kind: 'wait', for: 'batches', used: 2, limit: 2 };
    expect(decideRoom(state({ enqueued, limits }), wanted(5))).toEqual(full);
    expect(decideRoom(state({ enqueued: [batch(1, 5)], limits }), wanted(5))).toEqual({ kind: 'take' });
  });
});

const refusal = (statedLimit: number | null, submittedAt = 10) => ({
  statedLimit,
  submittedAt,
  tokens: 40,
});

describe('a refusal', () => {
  it('teaches the limit that it names, where that is lower', () => {
    const enqueued = [batch(1, 60)];
    expect(learnFromRefusal(state({ enqueued }), refusal(90), 20)).toEqual(learned(90, true, 20));
    expect(learnFromRefusal(state({ enqueued, learned: learned(80) }), refusal(90), 20)).toBeNull();
  });

  it('teaches nothing where the batch was submitted before the limit last changed', () => {
    const before = state({ learned: learned(80, true, 10) });
    expect(learnFromRefusal(before, refusal(50), 20)).toBeNull();
    expect(learnFromRefusal(before, refusal(50, 11), 20)).toEqual(learned(50, true, 20));
  });

  it('without a number cuts the limit, or what was enqueued, to 0.8', () => {
    const enqueued = [batch(1, 60)];
    expect(learnFromRefusal(state({ enqueued }), refusal(null), 20)).toEqual(learned(80, false, 20));
    const limits = { tokens: 1000, inputs: 1, batchesAnHour: 1 };
    expect(learnFromRefusal(state({ enqueued, limits }), refusal(null), 20)).toEqual(learned(800, false, 20));
  });

  it('of a batch that was alone cuts the limit, although it names a higher one', () => {
    const alone = state({ learned: learned(80) });
    expect(learnFromRefusal(alone, refusal(90), 20)).toEqual(learned(64, false, 20));
  });
});

interface Step {
  readonly pick: number;
  readonly ends: boolean;
}

const anyStep: fc.Arbitrary<Step> = fc.record({ pick: fc.nat(), ends: fc.boolean() });
const anyFiles = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 12 });

/** A provider with a limit that is not known at first, and files that come and go in any order. */
class Model {
  readonly waiting: { tokens: number; id: number }[];
  readonly enqueued: { tokens: number; id: number; at: number }[] = [];
  readonly limit: number;
  readonly names: boolean;
  readonly ratio: number;
  /** What must never be and was. */
  readonly faults: string[] = [];
  learned: LearnedCap | null = null;
  done = 0;
  now = 0;

  constructor(files: readonly number[], limit: number, names: boolean, ratio: number) {
    this.waiting = files.map((tokens, id) => ({ tokens, id }));
    this.limit = limit;
    this.names = names;
    this.ratio = ratio;
  }

  get state(): RoomState {
    const enqueued = this.enqueued.map(({ id, tokens }) => batch(id, tokens));
    return state({ learned: this.learned, tokensPerEstimate: this.ratio, enqueued });
  }

  get used(): number {
    return this.enqueued.reduce((sum, { tokens }) => sum + tokens, 0);
  }

  /** Takes a file that fits, or parts one that never does. @returns whether anything moved */
  submit(pick: number): boolean {
    const file = this.waiting[pick % this.waiting.length];
    if (file === undefined) return false;
    const decision = decideRoom(this.state, wanted(file.tokens, file.tokens));
    if (decision.kind === 'wait') return false;
    this.waiting.splice(this.waiting.indexOf(file), 1);
    if (decision.kind === 'too_large') {
      const half = Math.floor(file.tokens / 2);
      this.waiting.push({ tokens: half, id: file.id }, { tokens: file.tokens - half, id: file.id });
      return true;
    }
    this.now += 1;
    this.enqueued.push({ ...file, at: this.now });
    const cap = tokenCap(this.state);
    // A single token cannot be parted: it may be tried alone above a limit that is only guessed.
    if (cap !== null && file.tokens > 1)
      this.#require(this.used * this.ratio <= cap.tokens, 'above the limit');
    return true;
  }

  /** The provider looks at a batch: it refuses it where there is no room, else it may end. */
  settle(pick: number): void {
    const found = this.enqueued[pick % this.enqueued.length];
    if (found === undefined) return;
    const isOver = this.used * this.ratio > this.limit;
    this.enqueued.splice(this.enqueued.indexOf(found), 1);
    if (!isOver) {
      this.done += found.tokens;
      return;
    }
    this.now += 1;
    const refusal = {
      statedLimit: this.names ? this.limit : null,
      submittedAt: found.at,
      tokens: found.tokens,
    };
    const next = learnFromRefusal(this.state, refusal, this.now);
    const known = tokenCap(this.state)?.tokens ?? Infinity;
    this.#require(next === null || next.tokens < known, 'a limit that rises');
    this.learned = next ?? this.learned;
    this.waiting.push(found);
  }

  /** Settles what is left, in turns. */
  finish(): void {
    for (let turn = 0; this.waiting.length + this.enqueued.length > 0; turn += 1) {
      this.#require(turn < 20_000, 'no end');
      const hasMoved = this.submit(turn);
      this.#require(hasMoved || this.enqueued.length > 0, 'waiting for nothing');
      if (!hasMoved || turn % 3 === 0) this.settle(turn);
    }
  }

  #require(holds: boolean, otherwise: string): void {
    if (!holds) this.faults.push(otherwise);
    if (this.faults.length > 10) throw new Error(this.faults.join());
  }
}

describe('files before a provider whose limit is not known', () => {
  it('all get through, never above what is known, and what is known only falls', () => {
    fc.assert(
      fc.property(
        anyFiles,
        fc.integer({ min: 5, max: 600 }),
        fc.boolean(),
        fc.constantFrom(0.5, 1, 1.1, 3),
        fc.array(anyStep, { maxLength: 40 }),
        (files, limit, names, ratio, steps) => {
          const model = new Model(files, limit, names, ratio);
          for (const { pick, ends } of steps) {
            if (ends) model.settle(pick);
            else model.submit(pick);
          }
          model.finish();
          expect(model.faults).toEqual([]);
          expect(model.done).toBe(files.reduce((sum, tokens) => sum + tokens, 0));
        },
      ),
      { numRuns: 300 },
    );
  });
});
