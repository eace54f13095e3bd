import type { LoadedPipeline } from '../../config/load.ts';
import { BatchlineError } from '../../core/errors.ts';
import { jobOf } from '../../job/fingerprint.ts';
import type { Reading } from '../../job/job.ts';
import type { RunRecord } from '../../ledger/ledger.ts';
import type { RunSelection } from '../../ledger/selection.ts';
import { isNeeded } from './needed-batches.ts';
import { findStrangers, isUnderWay, type Stranger } from './strangers.ts';
import { WantedRows } from './wanted-rows.ts';

type Look = Omit<Reading, 'run'>;

/**
 * Looks, before a run begins, for what a lost state folder has paid for: batches under way, and, where the ledger saw no
 * run of the pipeline end, those that have ended and hold an answer to a request that this run would send.
 *
 * @throws BatchlineError `unknown_batches`
 */
export async function refuseStrangers(look: Look, select: () => Promise<RunSelection>): Promise<void> {
  const { loaded } = look;
  const strangers = await findStrangers(searchOf(look));
  const found = strangers.filter(isUnderWay);
  if (found.length === 0 && strangers.length > 0 && !(await hasFinished(look))) {
    const needed = await firstNeeded(look, select, strangers);
    if (needed !== null) found.push(needed);
  }
  if (found.length > 0) throw unknownBatches(loaded, found);
}

/** The ids of the batches that a run passes by, since it was told to: nobody is asked about them again. */
export async function passBy(look: Look): Promise<readonly string[]> {
  const strangers = await findStrangers(searchOf(look));
  return strangers.map(({ batch }) => batch.id);
}

function searchOf({ ledger, loaded, prepared, host }: Look) {
  return { ledger, loaded, host, jobs: [jobOf(loaded)], batches: prepared.provider.batches };
}

function isFinished({ kind, status }: RunRecord): boolean {
  return kind === 'run' && (status === 'completed' || status === 'completed_with_failures');
}

async function hasFinished({ ledger, loaded }: Look): Promise<boolean> {
  return (await ledger.runs(loaded.name)).some(isFinished);
}

async function firstNeeded(
  look: Look,
  select: () => Promise<RunSelection>,
  strangers: readonly Stranger[],
): Promise<Stranger | null> {
  const { loaded, prepared, host } = look;
  const { provider, results } = prepared;
  if (loaded.pipeline.source['path'] === '-') {
    tellUnread(look, strangers);
    return null;
  }
  await using wanted = await WantedRows.read(look, await select());
  if (wanted.count === 0) return null;
  for (const stranger of strangers) {
    if (await isNeeded({ provider, results, wanted, host }, stranger)) return stranger;
  }
  return null;
}

/** Standard input is read once. */
function tellUnread({ host }: Look, strangers: readonly Stranger[]): void {
  const ids = strangers.map(({ batch }) => batch.id).join(', ');
  const message = `The provider has batches of this pipeline that this state folder does not know (${ids}). What they hold is not compared with standard input, so rows of it may be bought again.`;
  host.emit({ type: 'Warned', message });
}

function unknownBatches({ path }: LoadedPipeline, found: readonly Stranger[]): BatchlineError {
  const lines = found.map(({ batch }) => `\n  ${batch.id}  ${batch.status}  run ${batch.label.run}`);
  const what = found.every(isUnderWay)
    ? 'The provider is working on batches of this pipeline that this state folder does not know:'
    : 'The provider holds answers to requests that this run would send, in a batch of this pipeline that this state folder does not know:';
  return new BatchlineError('unknown_batches', `${what}${lines.join('')}`, {
    hint: `\`pipeline recover ${path}\` adopts what is there and loads the answers; --new-run begins a run beside them, which may buy their rows again.`,
    exitCode: 4,
  });
}
