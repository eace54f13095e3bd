import type { RemoteBatch } from '../../core/batch-side.ts';
import { errorCode } from '../../core/errors.ts';
import { ListingAge } from '../../core/listing-age.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import type { BatchContext } from './context.ts';
import { clocksMs, isCandidate, type DoubtfulCreate } from './verdict.ts';

export interface FoundBatches {
  /** The batch that carries this chunk and attempt; the oldest where there are several. */
  readonly mine: RemoteBatch | null;
  /** Batches that nothing names, of which one may be this chunk's. */
  readonly candidates: readonly RemoteBatch[];
  /** Those that nothing names and that are not this chunk's: others have them, or they cannot be. */
  readonly ruledOut: ReadonlySet<string>;
  /** Whether the listing shows any batch of this run, which proves that it is the right account's. */
  readonly sawThisRun: boolean;
}

/** How many batches of a listing are asked for by themselves, the first ones. */
const mostLooks = 50;

/**
 * Looks through all of the provider's batches for those of one chunk; cancels duplicates.
 *
 * @param overAt when its last create was surely over, in milliseconds since 1970
 * @param earlier candidates of earlier looks, which stay some whatever they count by now
 */
export async function findBatches(
  context: BatchContext,
  chunk: ChunkRecord,
  overAt: number,
  earlier: Pick<ReadonlySet<string>, 'has'>,
): Promise<FoundBatches> {
  const { batches, runId, signals, emit } = context;
  const create = { requests: chunk.requests, intendedAt: chunk.intendedAt ?? 0, overAt };
  const nameless = new NamelessBatches(context, create, earlier);
  const mine: RemoteBatch[] = [];
  let sawThisRun = false;
  const age = new ListingAge(create.intendedAt - clocksMs);
  // Where the key is another, an older batch of this run proves that the account is not.
  const readsOn = batches.knownBy !== 'requests' || chunk.account !== context.account;
  for await (const listed of batches.list(signals.drain)) {
    age.isOld(listed);
    if (age.isAllOldFromHere && !readsOn) break;
    const batch = isNamed(listed) ? listed : await nameless.take(listed);
    if (batch === null) continue;
    sawThisRun ||= batch.label?.run === runId;
    if (carries(batch, chunk)) mine.push(batch);
  }
  mine.sort((a, b) => (a.createdAt ?? 0) - (b.createdAt ?? 0));
  for (const { id } of mine.slice(1)) {
    await batches.cancel(id, signals.drain);
    emit({ type: 'Warned', message: `Batch ${id} repeats file ${chunk.chunk}; it was cancelled.` });
  }
  return {
    mine: mine[0] ?? null,
    candidates: nameless.candidates,
    ruledOut: nameless.ruledOut,
    sawThisRun: sawThisRun || mine.length > 0 || nameless.sawThisRun,
  };
}

function isNamed({ label, input }: RemoteBatch): boolean {
  return label !== null || input !== null;
}

/** The batches of a listing that show neither label nor input. */
class NamelessBatches {
  readonly candidates: RemoteBatch[] = [];
  readonly ruledOut = new Set<string>();
  sawThisRun = false;
  readonly #context: BatchContext;
  readonly #create: DoubtfulCreate;
  readonly #earlier: Pick<ReadonlySet<string>, 'has'>;
  #looks = 0;
  #known: ReadonlyMap<string, string> | undefined;

  constructor(context: BatchContext, create: DoubtfulCreate, earlier: Pick<ReadonlySet<string>, 'has'>) {
    this.#context = context;
    this.#create = create;
    this.#earlier = earlier;
  }

  /** @returns the batch where a closer look shows its name; null where nothing does, so that it may be a candidate */
  async take(listed: RemoteBatch): Promise<RemoteBatch | null> {
    const { batches, ledger, runId } = this.#context;
    // Where each batch of ours has a label, one without is another's.
    if (batches.knownBy === 'label') return null;
    this.#known ??= await ledger.batchRuns();
    const run = this.#known.get(listed.id);
    this.sawThisRun ||= run === runId;
    const isOurs = run !== undefined;
    const batch = isOurs || batches.knownBy === 'requests' ? listed : await this.#closer(listed);
    if (batch === null || isNamed(batch)) return batch;
    const mayBeIt = this.#earlier.has(batch.id) || isCandidate(batch, this.#create);
    if (!isOurs && mayBeIt) this.candidates.push(batch);
    else this.ruledOut.add(batch.id);
    return null;
  }

  /** Some servers tell less of a batch in a list than when they are asked for it. Null where too many were looked at. */
  async #closer(listed: RemoteBatch): Promise<RemoteBatch | null> {
    const { batches, signals } = this.#context;
    this.#looks += 1;
    if (this.#looks > mostLooks) return null;
    try {
      return await batches.look(listed.id, signals.drain);
    } catch (error) {
      if (errorCode(error) === 'batch_not_found') return listed;
      throw error;
    }
  }
}

/**
 * Whether a batch is that of a chunk's last create. It is told by its label; some servers keep none, and there by its
 * input, which is unique to an upload, but not to a create: one that was refused is that of an earlier one, or has cost
 * nothing.
 */
function carries(
  { label, input, refusal }: RemoteBatch,
  { runId, chunk, attempt, stored }: ChunkRecord,
): boolean {
  if (label !== null) return label.run === runId && label.chunk === chunk && label.attempt === attempt;
  return input !== null && input === stored && refusal === null;
}
