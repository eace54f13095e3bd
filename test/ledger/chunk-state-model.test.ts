import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFinal, nextState, type ChunkEvent, type ChunkState } from '../../src/ledger/chunk-state.ts';

/** What is true of a chunk's file and batch, whatever the states are called. */
interface Facts {
  readonly upload: 'none' | 'under way' | 'done';
  readonly create: 'none' | 'under way' | 'done';
  readonly batch: 'none' | 'asking' | 'running' | 'ended' | 'fetched' | 'unread';
  readonly end: 'none' | 'loaded' | 'refused' | 'superseded';
}

const sealed: Facts = { upload: 'none', create: 'none', batch: 'none', end: 'none' };

/** When an event can happen, and what is true afterwards; null where it cannot. */
type Rule = (facts: Facts) => Facts | null;

const when = (condition: boolean, facts: Facts): Facts | null => (condition ? facts : null);
const isRunning = ({ batch, end }: Facts): boolean => batch === 'running' && end === 'none';
/** Nothing that costs money has been asked for, or it is certain that it was not done. */
const isUnbought = ({ create, end }: Facts): boolean => create === 'none' && end === 'none';

const rules: Readonly<Record<ChunkEvent, Rule>> = {
  upload_intended: (facts) =>
    when(isUnbought(facts) && facts.upload !== 'done', { ...facts, upload: 'under way' }),
  upload_succeeded: (facts) => when(facts.upload === 'under way', { ...facts, upload: 'done' }),
  // Of a provider to which a create brings its requests itself.
  upload_skipped: (facts) => when(isUnbought(facts) && facts.upload === 'none', { ...facts, upload: 'done' }),
  create_intended: (facts) =>
    when(isUnbought(facts) && facts.upload === 'done', { ...facts, create: 'under way' }),
  create_ruled_out: (facts) => when(facts.create === 'under way', { ...facts, create: 'none' }),
  create_succeeded: (facts) =>
    when(facts.create === 'under way', { ...facts, create: 'done', batch: 'running' }),
  input_file_lost: (facts) => when(isUnbought(facts) && facts.upload === 'done', sealed),
  // A file that was made of a batch which somebody else has sent.
  batch_adopted: (facts) =>
    when(isUnbought(facts) && facts.upload === 'none', {
      ...facts,
      upload: 'done',
      create: 'done',
      batch: 'running',
    }),
  batch_deferred: (facts) => when(isRunning(facts), { ...facts, create: 'none', batch: 'none' }),
  // By the create itself, or by the batch when it was looked at.
  batch_refused: (facts) => {
    if (facts.create === 'under way') return { ...facts, create: 'none', end: 'refused' };
    return when(isRunning(facts), { ...facts, end: 'refused' });
  },
  batch_ended: (facts) => when(isRunning(facts), { ...facts, batch: 'ended' }),
  results_downloaded: (facts) => when(facts.batch === 'ended', { ...facts, batch: 'fetched' }),
  // Also the results that somebody else made of a file that was never sent.
  results_loaded: (facts) =>
    when(
      facts.end === 'none' &&
        (facts.batch === 'fetched' ||
          facts.batch === 'unread' ||
          (facts.upload === 'none' && isUnbought(facts))),
      {
        ...facts,
        end: 'loaded',
      },
    ),
  // Rows lack a result, and an answer to them may lie unread.
  results_held: (facts) =>
    when(facts.end === 'none' && (facts.batch === 'fetched' || facts.batch === 'unread'), {
      ...facts,
      batch: 'unread',
    }),
  // Each line by itself: no batch can come of it any more, whatever was uploaded.
  asking_begun: (facts) =>
    when(isUnbought(facts), { ...facts, upload: 'none', create: 'done', batch: 'asking' }),
  answers_written: (facts) => when(facts.batch === 'asking', { ...facts, batch: 'fetched' }),
  file_superseded: (facts) => when(isUnbought(facts), { ...facts, end: 'superseded', upload: 'none' }),
};

const events = Object.keys(rules) as ChunkEvent[];

function stateOf({ upload, create, batch, end }: Facts): ChunkState {
  if (end !== 'none') return end;
  if (batch !== 'none')
    return (
      {
        asking: 'asking',
        running: 'submitted',
        ended: 'ended',
        fetched: 'downloaded',
        unread: 'held',
      } as const
    )[batch];
  if (create === 'under way') return 'creating';
  return ({ none: 'sealed', 'under way': 'uploading', done: 'uploaded' } as const)[upload];
}

function possible(facts: Facts): readonly ChunkEvent[] {
  return events.filter((event) => rules[event](facts) !== null);
}

/** A choice among the events that can happen, or, less often, among all of them. */
const choices = fc.array(
  fc.record({ luck: fc.nat(), wild: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.boolean()) }),
  { maxLength: 60 },
);

function chosen(facts: Facts, { luck, wild }: { readonly luck: number; readonly wild: boolean }): ChunkEvent {
  const offered = wild || possible(facts).length === 0 ? events : possible(facts);
  return offered[luck % offered.length] ?? 'upload_intended';
}

function attempted(state: ChunkState, event: ChunkEvent): ChunkState | null {
  try {
    return nextState(state, event);
  } catch {
    return null;
  }
}

describe('a chunk, whatever happens to it in whatever order', () => {
  it('is in the state that follows from what is true of its file and its batch', () => {
    fc.assert(
      fc.property(choices, (path) => {
        let facts = sealed;
        let state: ChunkState = 'sealed';
        for (const choice of path) {
          const event = chosen(facts, choice);
          const after = rules[event](facts);
          const reached = attempted(state, event);
          expect([state, event, reached]).toEqual([state, event, after && stateOf(after)]);
          facts = after ?? facts;
          state = reached ?? state;
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is never bought again before it is certain that it was not bought', () => {
    fc.assert(
      fc.property(choices, (path) => {
        expect(
          boughtTooEarly(path.map(({ luck }) => events[luck % events.length] ?? 'upload_intended')),
        ).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('can still come to its end', () => {
    fc.assert(
      fc.property(choices, (path) => {
        let facts = sealed;
        for (const choice of path) facts = rules[chosen(facts, choice)](facts) ?? facts;
        expect(isFinal(stateOf(facts)) || leadsToEnd(stateOf(facts))).toBe(true);
      }),
    );
  });
});

const buying: ReadonlySet<ChunkEvent> = new Set(['create_intended', 'batch_adopted']);
/** After these, what was asked for has surely not been bought. */
const rulingOut: ReadonlySet<ChunkEvent> = new Set(['create_ruled_out', 'input_file_lost', 'batch_deferred']);

function boughtTooEarly(path: readonly ChunkEvent[]): boolean {
  let state: ChunkState = 'sealed';
  let mayBeBought = false;
  for (const event of path) {
    const reached = attempted(state, event);
    if (reached === null) continue;
    if (event === 'create_intended' && mayBeBought) return true;
    mayBeBought = (mayBeBought || buying.has(event)) && !rulingOut.has(event);
    state = reached;
  }
  return false;
}

/** Whether events lead from a state to the loading of its answers. */
function leadsToEnd(from: ChunkState): boolean {
  const reached = new Set([from]);
  for (const state of reached) {
    for (const event of events) {
      const next = attempted(state, event);
      if (next !== null) reached.add(next);
    }
  }
  return reached.has('loaded');
}
