import type { LoadedPipeline } from '../../config/load.ts';
import { type BatchLabel, type BatchSide, hasEnded, type RemoteBatch } from '../../core/batch-side.ts';
import { errorCode } from '../../core/errors.ts';
import { ListingAge } from '../../core/listing-age.ts';
import type { Host } from '../../core/host.ts';
import { needOf } from '../../core/provider.ts';
import { askProvider } from '../../job/ask-provider.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { KnownBatches } from './known-batches.ts';

/** As long as providers keep the files of a batch by default. */
const oldestMs = 30 * 24 * 60 * 60_000;
const mostStrangers = 50;

export interface StrangerSearch {
  readonly ledger: Ledger;
  readonly batches: BatchSide;
  readonly loaded: LoadedPipeline;
  /** Whose batches they may be; also those that do not say it. */
  readonly jobs: readonly string[];
  readonly host: Host;
}

/** A batch that is known to be ours. */
export type LabelledBatch = RemoteBatch & { readonly label: BatchLabel };

/** A batch that no run of the ledger knows. */
export interface Stranger {
  readonly batch: LabelledBatch;
  /**
   * Whether the provider keeps nothing that names its pipeline: it is ours by the name of its file, but only what the
   * file holds tells whether it is this pipeline's. Its label is then made up.
   */
  readonly isNameless: boolean;
}

/** The provider's batches of the last days that may be this pipeline's and that the ledger does not know, newest first. */
export async function findStrangers(search: StrangerSearch): Promise<readonly Stranger[]> {
  const { host, loaded } = search;
  try {
    return await askProvider(host, 'look for batches of this pipeline', () => listStrangers(search));
  } catch (error) {
    // A server that is good for single requests alone has no batches that could be ours.
    const hasNone = needOf(loaded.pipeline.mode) === 'answers' && errorCode(error) === 'provider_not_found';
    if (!hasNone) throw error;
    return [];
  }
}

async function listStrangers({ ledger, batches, loaded, jobs, host }: StrangerSearch) {
  // Of whatever is listed nothing would tell whose it is.
  if (batches.knownBy === 'requests') return [];
  const { signals } = host;
  const age = new ListingAge(Date.now() - oldestMs);
  const known = await KnownBatches.open(ledger, loaded.name);
  const uploads = new Uploads(batches, signals.drain);
  const strangers: Stranger[] = [];
  for await (const batch of batches.list(signals.drain)) {
    const isOld = age.isOld(batch);
    if (age.isAllOldFromHere) break;
    if (isOld) continue;
    const { label } = batch;
    if (label === null) {
      const run = await uploads.runOf(batch.input);
      if (run === null || known.hasBatch(batch.id) || (await known.hasRun(run))) continue;
      const made = { pipeline: loaded.name, job: null, run, chunk: 1, attempt: 1 };
      strangers.push({ batch: { ...batch, label: made }, isNameless: true });
    } else if (label.pipeline === loaded.name && (label.job === null || jobs.includes(label.job))) {
      if (!(await known.has({ ...batch, label })))
        strangers.push({ batch: { ...batch, label }, isNameless: false });
    }
  }
  const newestFirst = strangers.toSorted((a, b) => (b.batch.createdAt ?? 0) - (a.batch.createdAt ?? 0));
  return numbered(newestFirst.slice(0, mostStrangers));
}

/** Numbers the files of each run whose batches do not say it, the oldest first. */
function numbered(strangers: readonly Stranger[]): readonly Stranger[] {
  const chunks = new Map<string, number>();
  const inTime = strangers.toReversed().map(({ batch, isNameless }) => {
    if (!isNameless) return { batch, isNameless };
    const chunk = 1 + (chunks.get(batch.label.run) ?? 0);
    chunks.set(batch.label.run, chunk);
    return { batch: { ...batch, label: { ...batch.label, chunk } }, isNameless };
  });
  return inTime.toReversed();
}

/** Whether a batch of ours is under way for this pipeline, whatever it holds. */
export function isUnderWay({ batch, isNameless }: Stranger): boolean {
  return !isNameless && !hasEnded(batch.status);
}

/** The uploads of this tool that the provider keeps; they are listed when they are first asked for. */
class Uploads {
  readonly #batches: BatchSide;
  readonly #signal: AbortSignal;
  #runs: Map<string, string> | undefined;

  constructor(batches: BatchSide, signal: AbortSignal) {
    this.#batches = batches;
    this.#signal = signal;
  }

  /** The run that an upload was made for; null where it is none of this tool's. */
  async runOf(input: string | null): Promise<string | null> {
    if (input === null) return null;
    this.#runs ??= await this.#list();
    return this.#runs.get(input) ?? null;
  }

  async #list(): Promise<Map<string, string>> {
    const runs = new Map<string, string>();
    try {
      for await (const { id, run } of this.#batches.leftovers?.list(this.#signal) ?? []) runs.set(id, run);
    } catch (error) {
      // A server without such a listing tells of no file whose it is.
      if (errorCode(error) !== 'provider_refused') throw error;
    }
    return runs;
  }
}
