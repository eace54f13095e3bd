import { describe, expect, it } from 'vitest';
import { isFinal, nextState, type ChunkEvent, type ChunkState } from '../../src/ledger/chunk-state.ts';

const states: readonly ChunkState[] = [
  'sealed',
  'asking',
  'uploading',
  'uploaded',
  'creating',
  'submitted',
  'ended',
  'downloaded',
  'held',
  'loaded',
  'refused',
  'superseded',
];

const events: readonly ChunkEvent[] = [
  'upload_intended',
  'upload_succeeded',
  'upload_skipped',
  'create_intended',
  'create_ruled_out',
  'create_succeeded',
  'input_file_lost',
  'batch_adopted',
  'batch_deferred',
  'batch_refused',
  'batch_ended',
  'results_downloaded',
  'results_loaded',
  'results_held',
  'file_superseded',
  'asking_begun',
  'answers_written',
];

/** Everything that can happen, as arrows; whatever is not here cannot. */
const arrows: readonly (readonly [ChunkState, ChunkEvent, ChunkState])[] = [
  ['sealed', 'upload_intended', 'uploading'],
  ['uploading', 'upload_intended', 'uploading'],
  ['uploading', 'upload_succeeded', 'uploaded'],
  ['sealed', 'upload_skipped', 'uploaded'],
  ['uploaded', 'create_intended', 'creating'],
  ['creating', 'create_ruled_out', 'uploaded'],
  ['creating', 'create_succeeded', 'submitted'],
  ['uploaded', 'input_file_lost', 'sealed'],
  ['sealed', 'batch_adopted', 'submitted'],
  ['submitted', 'batch_deferred', 'uploaded'],
  ['creating', 'batch_refused', 'refused'],
  ['submitted', 'batch_refused', 'refused'],
  ['submitted', 'batch_ended', 'ended'],
  ['ended', 'results_downloaded', 'downloaded'],
  ['downloaded', 'results_loaded', 'loaded'],
  ['downloaded', 'results_held', 'held'],
  ['held', 'results_held', 'held'],
  ['held', 'results_loaded', 'loaded'],
  ['sealed', 'results_loaded', 'loaded'],
  ['sealed', 'file_superseded', 'superseded'],
  ['uploading', 'file_superseded', 'superseded'],
  ['uploaded', 'file_superseded', 'superseded'],
  ['sealed', 'asking_begun', 'asking'],
  ['uploading', 'asking_begun', 'asking'],
  ['uploaded', 'asking_begun', 'asking'],
  ['asking', 'answers_written', 'downloaded'],
];

const pairs = states.flatMap((state) => events.map((event) => [state, event] as const));

function outcome(state: ChunkState, event: ChunkEvent): string {
  try {
    return nextState(state, event);
  } catch (error) {
    return (error as Error).message;
  }
}

describe('a chunk', () => {
  it.each(pairs)('that is %s: %s', (state, event) => {
    const arrow = arrows.find(([from, on]) => from === state && on === event);
    expect(outcome(state, event)).toBe(arrow?.[2] ?? `A chunk that is ${state} cannot meet ${event}.`);
  });

  it.each(states)('that is %s is final only where nothing more is to be done', (state) => {
    expect(isFinal(state)).toBe(['loaded', 'refused', 'superseded'].includes(state));
  });
});
