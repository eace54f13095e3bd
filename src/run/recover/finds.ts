import { hasEnded } from '../../core/batch-side.ts';
import { BatchlineError, errorCode } from '../../core/errors.ts';
import { providerRetry, retry } from '../../core/retry.ts';
import { jobOf } from '../../job/fingerprint.ts';
import type { Reading } from '../../job/job.ts';
import { newRunId } from '../new-run.ts';
import { KnownBatches } from './known-batches.ts';
import { isNeeded } from './needed-batches.ts';
import { findStrangers, isUnderWay, type LabelledBatch, type Stranger } from './strangers.ts';
import { WantedRows } from './wanted-rows.ts';

type Look = Omit<Reading, 'run'>;

/** Batches to be adopted. */
export interface Finds extends AsyncDisposable {
  readonly batches: readonly LabelledBatch[];
  /** Which of a batch's requests are adopted; null: all of them. */
  wantedOf(batch: LabelledBatch): WantedRows | null;
}

/**
 * The batches that a run would refuse to begin beside: those under way, and of those that have ended the ones that hold
 * answers to requests that it would send. Where the target tells what it holds, nothing else of these is adopted, so
 * that no older answer is loaded over a newer one.
 */
export async function findNeeded(look: Look): Promise<Finds> {
  const { ledger, loaded, prepared, host } = look;
  const { provider, results } = prepared;
  // A sink that is redirected for what is recovered is still that of the same job.
  const jobs = [jobOf(loaded), jobOf(loaded, loaded.ownSink)];
  const strangers = await findStrangers({ ledger, loaded, jobs, host, batches: provider.batches });
  if (strangers.every(isUnderWay) || loaded.pipeline.source['path'] === '-')
    return whole(strangers.filter(isUnderWay));
  await using resources = new AsyncDisposableStack();
  const wanted = resources.use(await WantedRows.read(look, {}));
  const found: Stranger[] = [];
  for (const stranger of strangers) {
    const isFound =
      isUnderWay(stranger) ||
      (wanted.count > 0 && (await isNeeded({ provider, results, wanted, host }, stranger)));
    if (isFound) found.push(stranger);
  }
  const kept = resources.move();
  return {
    batches: found.map(({ batch }) => batch),
    wantedOf: ({ status }) => (prepared.skipsUnchanged && hasEnded(status) ? wanted : null),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** The batches that a person names. @throws BatchlineError `unknown_batch`, `known_batch` */
export async function handPicked(look: Look, ids: readonly string[]): Promise<Finds> {
  const { ledger, loaded } = look;
  const known = await KnownBatches.open(ledger, loaded.name);
  const found: LabelledBatch[] = [];
  const madeUp = newRunId(new Date());
  const runs = await ledger.batchRuns();
  for (const id of new Set(ids)) {
    const batch = await lookAt(look, id);
    const label = batch.label ?? { pipeline: loaded.name, job: null, run: madeUp, chunk: 0, attempt: 1 };
    const run = runs.get(id) ?? ((await known.belongs({ ...batch, label })) ? label.run : undefined);
    if (run !== undefined) throw knownBatch(id, run);
    found.push({ ...batch, label });
  }
  const inTime = found.toSorted((a, b) => (a.createdAt ?? 0) - (b.createdAt ?? 0));
  return whole(
    inTime.map((batch, at) => ({
      batch: batch.label.chunk > 0 ? batch : { ...batch, label: { ...batch.label, chunk: at + 1 } },
      isNameless: false,
    })),
  );
}

function whole(strangers: readonly Stranger[]): Finds {
  return {
    batches: strangers.map(({ batch }) => batch),
    wantedOf: () => null,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

export async function lookAt({ prepared, host }: Look, id: string) {
  const { drain } = host.signals;
  try {
    return await retry({ ...providerRetry, attempts: 5, signal: drain }, () =>
      prepared.provider.batches.look(id, drain),
    );
  } catch (error) {
    if (errorCode(error) !== 'batch_not_found') throw error;
    throw new BatchlineError('unknown_batch', `The provider has no batch ${id}.`, {
      hint: "Copy its id from the provider's list of batches, and use the key of the account that it belongs to.",
      exitCode: 2,
      cause: error,
    });
  }
}

export function knownBatch(id: string, run: string): BatchlineError {
  return new BatchlineError(
    'known_batch',
    `Batch ${id} belongs to run ${run}, which this state folder knows.`,
    {
      hint: '`pipeline collect` brings it home.',
      exitCode: 2,
    },
  );
}
