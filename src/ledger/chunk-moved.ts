import { BatchlineError } from '../core/errors.ts';
import type { ChunkPlace } from './chunk-record.ts';

/** What is thrown at a process that moves a chunk which is no longer where it was seen. */
export function chunkMoved({ runId, chunk, state }: ChunkPlace): BatchlineError {
  const message = `File ${chunk} of run ${runId} is no longer ${state}: another process has moved it on.`;
  return new BatchlineError('chunk_moved', message, {
    hint: 'Wait until no other process works on the run, then type the same command again.',
    exitCode: 1,
  });
}
