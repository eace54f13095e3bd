import { BatchlineError } from '../../core/errors.ts';
import { type BatchLabel, type BatchSide, hasEnded, type RemoteBatch } from '../../core/batch-side.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Host } from '../../core/host.ts';
import { askProvider } from '../../job/ask-provider.ts';

/** Batches end within a day; what is older than three is no unfinished work of anybody's. */
const oldestMs = 3 * 24 * 60 * 60_000;

export interface StrangerSearch {
  readonly ledger: Ledger;
  readonly batches: BatchSide;
  readonly pipeline: string;
  readonly host: Host;
}

/** A batch that is known to be ours. */
export type LabelledBatch = RemoteBatch & { readonly label: BatchLabel };

/** Recent batches at the provider that name this pipeline and belong to no run of the ledger, newest first. */
export async function findStrangers(search: StrangerSearch): Promise<readonly LabelledBatch[]> {
  const { host } = search;
  return askProvider(host, 'look for batches of this pipeline', () => listStrangers(search));
}

async function listStrangers({ ledger, batches, pipeline, host }: StrangerSearch) {
  const oldest = Date.now() - oldestMs;
  const known = new Set((await ledger.runs()).map(({ runId }) => runId));
  const strangers: LabelledBatch[] = [];
  for await (const batch of batches.list(host.signals.drain)) {
    if (batch.createdAt !== null && batch.createdAt < oldest) break;
    const { label } = batch;
    if (label?.pipeline === pipeline && !known.has(label.run)) strangers.push({ ...batch, label });
  }
  return strangers;
}

/** @throws BatchlineError `unknown_batches` where batches of a lost state folder are still under way */
export async function refuseStrangers(search: StrangerSearch, file: string): Promise<void> {
  const strangers = (await findStrangers(search)).filter(({ status }) => !hasEnded(status));
  if (strangers.length === 0) return;
  const lines = strangers.map(({ id, status, label }) => `\n  ${id}  ${status}  run ${label.run}`);
  throw new BatchlineError(
    'unknown_batches',
    `The provider is working on batches of this pipeline that this state folder does not know:${lines.join('')}`,
    {
      hint: `\`pipeline recover ${file}\` adopts them and loads their answers; --new-run begins a run beside them and may buy their rows again.`,
      exitCode: 4,
    },
  );
}
