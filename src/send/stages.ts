import type { ChunkState } from '../ledger/chunk-state.ts';

/** What is done with a chunk, as far as it takes up a place. */
export type Stage = 'send' | 'ask' | 'settle' | 'look' | 'fetch' | 'load';

/**
 * How many chunks are at a stage at once. Uploads of large files share one line, and more at once only makes each
 * slower; a listing of all batches is asked for one at a time, and beside the looks at batches, so that neither waits for
 * the other; while the last rows of one chunk are on their way into the sink, the
 * next is parsed.
 */
export const atOnce: Readonly<Record<Stage, number>> = {
  send: 2,
  ask: 2,
  settle: 1,
  look: 4,
  fetch: 2,
  load: 2,
};

const stages: Readonly<Record<ChunkState, Stage | null>> = {
  sealed: 'send',
  asking: 'ask',
  uploading: 'send',
  uploaded: 'send',
  creating: 'settle',
  submitted: 'look',
  ended: 'fetch',
  downloaded: 'load',
  held: null,
  loaded: null,
  refused: null,
  superseded: null,
};

/** Null where nothing more is to be done. */
export function stageOf(state: ChunkState): Stage | null {
  return stages[state];
}
