import type { Refusal } from '../../core/batch-side.ts';
import { BatchlineError } from '../../core/errors.ts';
import { chunkFiles } from '../../batch/chunk-files.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import { moved, type Step } from '../lane.ts';
import type { BatchContext } from './context.ts';

/** How many whole files are turned down with nothing answered in between until the run gives up. */
const refusalsAllowed = 2;

/**
 * Counts the files that the provider has turned down whole, without a reason that the engine can act upon. As long as
 * others are answered that is these files' own; else it is the account's, or the model's, and sending on is in vain.
 */
export class WholeRefusals {
  #inARow = 0;
  #hasAnswered = false;

  /** Whether the provider has answered anything of the run to this process. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** A batch has brought results. */
  answered(): void {
    this.#inARow = 0;
    this.#hasAnswered = true;
  }

  /** @returns whether it is enough */
  count(): boolean {
    this.#inARow += 1;
    return this.#inARow >= refusalsAllowed;
  }
}

/**
 * The provider has turned a whole file down, at its creation or after it: nothing ran and nothing was paid.
 *
 * @param status of the batch; null where none was created
 * @throws BatchlineError `batch_refused` where it is in vain to send on
 */
export async function afterRefusal(
  context: BatchContext,
  chunk: ChunkRecord,
  refusal: Refusal,
  status: string | null,
): Promise<Step> {
  const { room, unsent } = context;
  if (refusal.kind === 'lines' && !namesAll(context, chunk, refusal.lines)) {
    const refused = await unsent.refused(chunk, refusal.lines);
    room.lookAgain();
    return moved(refused);
  }
  if (refusal.kind === 'size') return afterSizeRefusal(context, await deferred(context, chunk, status));
  if (refusal.kind === 'room') {
    await room.refused(chunk, refusal);
    return moved(await deferred(context, chunk, status));
  }
  const givesUp = context.refusals.count() || chunk.unexplained + 1 >= refusalsAllowed;
  // Also where the run gives up: who goes on with it later has removed the cause and wants it sent again.
  const unexplained = givesUp ? 0 : chunk.unexplained + 1;
  const next = await deferred(context, chunk, status, unexplained);
  if (givesUp) throw refused(context.folder, chunk, reasonOf(refusal));
  return moved(next);
}

/** Whether a refusal that names every line speaks of what they share; once others were answered it is of the lines. */
function namesAll(
  { refusals }: BatchContext,
  chunk: ChunkRecord,
  lines: ReadonlyMap<number, unknown>,
): boolean {
  return chunk.requests > 1 && lines.size >= chunk.requests && !refusals.hasAnswered;
}

/** The chunk is not with the provider any more. */
async function deferred(
  { ledger, room }: BatchContext,
  chunk: ChunkRecord,
  status: string | null,
  unexplained = chunk.unexplained,
): Promise<ChunkRecord> {
  const event = chunk.state === 'creating' ? 'create_ruled_out' : 'batch_deferred';
  const patch = { batchId: null, batchStatus: status, attempt: chunk.attempt + 1, unexplained };
  const next = await ledger.moveChunk(chunk, event, patch);
  room.lookAgain();
  return next;
}

/** Its rows move to files of half the size; a row that is too large alone has failed. */
export async function afterSizeRefusal(context: BatchContext, chunk: ChunkRecord): Promise<Step> {
  const { folder, refusals, room, unsent } = context;
  // Where no file at all is taken it is not their size.
  if (chunk.requests === 1 && !refusals.hasAnswered && refusals.count())
    throw refused(folder, chunk, 'it is too large, though it holds one row.');
  room.refusedSize(chunk.bytes);
  const largestRow = chunk.requests === 1 ? chunk.bytes - 1 : null;
  return moved(await unsent.superseded(chunk, { of: 'bytes', limit: room.fileBytes, largestRow }));
}

function reasonOf(refusal: Extract<Refusal, { readonly kind: 'lines' | 'unexplained' }>): string {
  if (refusal.kind === 'unexplained') return refusal.message;
  const [first] = refusal.lines.values();
  return `${first?.message ?? 'it gave no reason'} (of every line)`;
}

function refused(folder: string, { chunk }: ChunkRecord, reason: string): BatchlineError {
  return new BatchlineError('batch_refused', `The provider refused file ${chunk}: ${reason}`, {
    where: chunkFiles(folder, chunk).requests,
    hint: 'Correct what the message names, then type the same command again: nothing was run and nothing paid for.',
    exitCode: 1,
  });
}
