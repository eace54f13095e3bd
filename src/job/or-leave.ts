import { BatchlineError } from '../core/errors.ts';
import type { ChunkRecord } from '../ledger/ledger.ts';
import type { Collection } from './job.ts';

/** Faults of the state folder, in which nothing can be noted any more. */
const isOurs: ReadonlySet<string> = new Set(['state_gone', 'state_unwritable', 'chunk_moved', 'disk_full']);

/**
 * Does something for a chunk. Where it fails, and somebody is told what is left, the chunk stays where it is, so that the
 * others go on.
 *
 * @returns null where it is left
 */
export async function orLeave<T>(
  { leave, host }: Pick<Collection, 'leave' | 'host'>,
  chunk: ChunkRecord,
  work: () => Promise<T>,
): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    host.signals.drain.throwIfAborted();
    if (leave === undefined || !(error instanceof BatchlineError) || isOurs.has(error.code)) throw error;
    leave(chunk, error);
    return null;
  }
}
