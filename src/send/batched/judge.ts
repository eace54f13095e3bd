import { chunkFiles } from '../../batch/chunk-files.ts';
import { holdAgainst } from '../../batch/held-against.ts';
import { SentRequests } from '../../batch/sent-requests.ts';
import type { RemoteBatch } from '../../core/batch-side.ts';
import { BatchlineError } from '../../core/errors.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import type { BatchContext } from './context.ts';
import type { FoundBatches } from './find-batches.ts';
import { type Verdict, verdictOf, verdictUnread } from './verdict.ts';

/** A batch that the provider gives no end has ended after this long. */
const longestBatchMs = 25 * 3_600_000;

/**
 * Holds what may be a chunk's batch against its requests, as far as that was not done before.
 *
 * @param verdicts of each candidate that was ever seen, which are brought up to date
 * @param isLastTry whether results that cannot be read now are not tried to be read again
 * @returns whether a verdict has changed
 */
export async function judgeCandidates(
  context: BatchContext,
  chunk: ChunkRecord,
  { candidates, ruledOut }: Pick<FoundBatches, 'candidates' | 'ruledOut'>,
  { verdicts, isLastTry }: { readonly verdicts: Map<string, Verdict>; readonly isLastTry: boolean },
): Promise<boolean> {
  const before = new Map(verdicts);
  const listed = new Set(candidates.map(({ id }) => id));
  for (const [id, verdict] of before) {
    if (ruledOut.has(id)) verdicts.delete(id);
    // What is no longer listed cannot be read any more.
    else if (!listed.has(id) && verdict !== 'foreign') verdicts.set(id, 'unreadable');
  }
  let sent: SentRequests | undefined;
  for (const batch of candidates) {
    if (isSettled(verdicts.get(batch.id))) continue;
    let verdict = verdictUnread(batch);
    if (verdict === null) {
      sent ??= await sentRequests(context, chunk);
      verdict = await judge(context, batch, sent, isLastTry);
    }
    verdicts.set(batch.id, verdict === 'running' && isGivenUp(context, batch) ? 'unreadable' : verdict);
  }
  return before.size !== verdicts.size || [...verdicts].some(([id, verdict]) => before.get(id) !== verdict);
}

/** Whether nothing else will be found of a candidate. */
function isSettled(verdict: Verdict | undefined): boolean {
  return verdict !== undefined && verdict !== 'running' && verdict !== 'unreadable';
}

/** Whoever ends a run waits for a batch to its end, and no longer. */
function isGivenUp({ pass }: BatchContext, { expiresAt, createdAt }: RemoteBatch): boolean {
  return pass.cancels && Date.now() >= (expiresAt ?? (createdAt ?? 0) + longestBatchMs);
}

function sentRequests({ folder, lines, signals }: BatchContext, chunk: ChunkRecord): Promise<SentRequests> {
  const path = chunkFiles(folder, chunk.chunk).requests;
  return SentRequests.read(path, chunk.requests, lines, signals.drain);
}

async function judge(
  { batches, lines, request, room, signals }: BatchContext,
  { id, results, counts }: RemoteBatch,
  sent: SentRequests,
  isLastTry: boolean,
): Promise<Verdict> {
  const { tokensPerEstimate } = room;
  const parts = results.map((part) => batches.read(id, part.id, signals.drain));
  try {
    const likeness = await holdAgainst({ sent, lines, model: request.model, tokensPerEstimate }, parts);
    return verdictOf(likeness, sent.count, counts?.total ?? null);
  } catch (error) {
    signals.drain.throwIfAborted();
    if (!(error instanceof BatchlineError)) throw error;
    // It may be anybody's, and must not keep the others from being read.
    if (error.retryable && !gone.has(error.code) && !isLastTry) throw error;
    return 'unreadable';
  }
}

const gone: ReadonlySet<string> = new Set(['file_not_found', 'batch_not_found']);

const words: Readonly<Record<Verdict, string>> = {
  running: 'has not ended',
  ours: 'looks like it',
  foreign: 'is none of ours',
  unclear: 'has ids of ours, but not the same requests as far as can be told',
  unreadable: 'cannot be read',
};

/** Whether a create was carried out, nobody but a person can tell. */
export function createInDoubt(
  { path, runId }: BatchContext,
  { chunk }: ChunkRecord,
  ids: readonly string[],
  verdicts: ReadonlyMap<string, Verdict>,
): BatchlineError {
  const named = ids.map((id) => `${id} (${words[verdicts.get(id) ?? 'unclear']})`).join(', ');
  const [first = 'ID'] = ids;
  return new BatchlineError(
    'create_in_doubt',
    `Whether the batch of file ${chunk} was created is not known, since its create was not answered; it may be ${named}.`,
    {
      hint: [
        'Nothing of its rows is bought again by itself. Look at the provider, then choose:',
        `\`pipeline recover ${path} --batch ${first}\` takes that batch for it and loads its answers;`,
        `\`pipeline retry ${runId} --lost\` gives up what may have been bought and sends the rows again;`,
        `\`pipeline cancel ${runId}\` ends the run without them.`,
      ].join(' '),
      exitCode: 1,
    },
  );
}
