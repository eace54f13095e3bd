import type { Refusal, RemoteBatch } from '../../core/batch-side.ts';
import { BatchlineError, errorCode } from '../../core/errors.ts';
import { providerRetry, waitBefore } from '../../core/retry.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import { later, left, moved, type Step } from '../lane.ts';
import type { BatchContext } from './context.ts';
import { afterRefusal } from './refusal.ts';
import { findBatches, type FoundBatches } from './find-batches.ts';
import { createInDoubt, judgeCandidates } from './judge.ts';
import type { Memory } from './memory.ts';
import { submitted } from './submit.ts';
import { decide } from './verdict.ts';

/**
 * Settles a create that was not answered with a batch: after an error or a refusal, a lost reply, or the death of the
 * process. What the provider lists as this chunk's is adopted. Absence is believed after a second look, since a batch
 * can appear a moment after its connection was cut; after one where the provider itself has turned the create down for
 * good. Where batches that nothing names may be this chunk's, each is held against its
 * requests once it has ended; what that leaves open is for a person to say.
 */
export async function settleCreate(context: BatchContext, chunk: ChunkRecord, memory: Memory): Promise<Step> {
  const { secondLookAt, unsettled, verdicts } = memory;
  if (secondLookAt !== null && Date.now() < secondLookAt) return later(secondLookAt, 'settling');
  memory.createOverAt ??= Date.now();
  const found = await look(context, chunk, memory);
  if (found.mine !== null) {
    memory.unsettled = null;
    return submitted(context, chunk, found.mine, true, memory);
  }
  const hasNew = found.candidates.some(({ id }) => !verdicts.has(id));
  const isLastTry = memory.tries + 1 >= providerRetry.attempts;
  const hasChanged = await judgeCandidates(context, chunk, found, { verdicts, isLastTry });
  memory.tries = 0;
  if (hasNew) warnOfDoubt(context, chunk, verdicts);
  if (hasChanged || (secondLookAt === null && !(verdicts.size === 0 && isFinal(unsettled, memory)))) {
    memory.secondLookAt = Date.now() + untilSecondLookMs(context, chunk, memory);
    return later(memory.secondLookAt, 'settling');
  }
  const decision = decide(verdicts);
  if (decision.kind === 'wait') return untilEnded(context, memory);
  if (decision.kind === 'adopt') return adopt(context, chunk, found.candidates, decision.id, memory);
  if (decision.kind === 'person' && !context.pass.takesLost)
    return stuck(context, chunk, decision.ids, memory);
  // What was turned down was sent with this very key.
  if (unsettled === null) requireSameAccount(context, chunk, found);
  return ruleOut(context, chunk, memory);
}

/** @returns nothing found where the key that the provider has turned down may not look either */
async function look(
  context: BatchContext,
  chunk: ChunkRecord,
  { unsettled, createOverAt, verdicts }: Memory,
): Promise<FoundBatches> {
  try {
    return await findBatches(context, chunk, createOverAt ?? Date.now(), verdicts);
  } catch (error) {
    const isTurnedDown = unsettled instanceof BatchlineError && unsettled.outcome !== 'unknown';
    if (isTurnedDown && errorCode(error) === unsettled.code && !unsettled.retryable)
      return { mine: null, candidates: [], ruledOut: new Set(), sawThisRun: false };
    throw error;
  }
}

function warnOfDoubt({ emit }: BatchContext, { chunk }: ChunkRecord, verdicts: Memory['verdicts']): void {
  const ids = [...verdicts.keys()].join(', ');
  const message = `Whether the batch of file ${chunk} was created is not known. Nothing is bought for its rows before each batch that may be it has ended and was held against them: ${ids}.`;
  emit({ type: 'Warned', message });
}

function untilEnded({ pass, lookMs }: BatchContext, memory: Memory): Step {
  if (!pass.waits) return left;
  memory.secondLookAt = Date.now() + lookMs;
  return later(memory.secondLookAt, 'settling');
}

async function adopt(
  { ledger, emit, settleMs }: BatchContext,
  chunk: ChunkRecord,
  candidates: readonly RemoteBatch[],
  batchId: string,
  memory: Memory,
): Promise<Step> {
  const batch = candidates.find(({ id }) => id === batchId);
  const patch = { batchId, batchStatus: batch?.status ?? null, expiresAt: batch?.expiresAt ?? null };
  const next = await ledger.adoptBatch(chunk, patch);
  if (next === null) {
    // Another chunk has taken it meanwhile.
    memory.verdicts.delete(batchId);
    memory.secondLookAt = Date.now() + settleMs;
    return later(memory.secondLookAt, 'settling');
  }
  memory.unsettled = null;
  memory.creates = 0;
  emit({ type: 'BatchSubmitted', chunk: chunk.chunk, batchId, adopted: true });
  return moved(next);
}

/** Nothing of it is under way any more, so that it takes no room from others. */
async function stuck(
  context: BatchContext,
  chunk: ChunkRecord,
  ids: readonly string[],
  { verdicts }: Memory,
): Promise<Step> {
  await context.ledger.noteBatchStatus(chunk.runId, chunk.chunk, 'completed');
  context.room.lookAgain();
  const why = createInDoubt(context, chunk, ids, verdicts);
  if (context.pass.cancels) throw why;
  return { kind: 'stuck', why };
}

/** Whether the create is surely not carried out and not to be made again as it is. */
function isFinal(unsettled: Memory['unsettled'], { creates }: Memory): boolean {
  if (unsettled === null) return false;
  if (!(unsettled instanceof BatchlineError)) return unsettled.isHearsay !== true;
  if (unsettled.outcome !== 'absent') return false;
  return !unsettled.retryable || creates + 1 >= providerRetry.attempts;
}

/** A create that is made again after its second look has then been waited for long enough. */
function untilSecondLookMs(
  { settleMs, emit }: BatchContext,
  { chunk }: ChunkRecord,
  { unsettled, creates, verdicts }: Memory,
): number {
  if (!(unsettled instanceof BatchlineError) || !unsettled.retryable || verdicts.size > 0) return settleMs;
  const waitMs = Math.max(settleMs, waitBefore(unsettled, creates + 1, providerRetry));
  emit({ type: 'StepRetried', step: `creation of batch ${chunk}`, message: unsettled.message, waitMs });
  return waitMs;
}

/** Absence is proven only by the listing of the account that the create was sent to. */
function requireSameAccount(
  { account, runId }: BatchContext,
  chunk: ChunkRecord,
  { sawThisRun }: FoundBatches,
): void {
  if (sawThisRun || chunk.account === account) return;
  throw new BatchlineError(
    'wrong_account',
    `Batch ${chunk.chunk} of run ${runId} may exist, but the account of this API key does not show it.`,
    {
      hint: 'Use the API key, organisation and project that the run was started with; nothing was sent twice.',
      exitCode: 1,
    },
  );
}

/** @throws the create's own error where it is not to be made again */
async function ruleOut(context: BatchContext, chunk: ChunkRecord, memory: Memory): Promise<Step> {
  const { unsettled } = memory;
  memory.unsettled = null;
  if (isRefusal(unsettled)) return afterRefusal(context, chunk, unsettled, null);
  if (unsettled !== null && (await isCapOnBatches(context, chunk, unsettled, memory))) {
    memory.creates = 0;
    const refusal = { kind: 'room', of: 'batches', limit: null, message: unsettled.message } as const;
    return afterRefusal(context, chunk, refusal, null);
  }
  const ruledOut = await context.ledger.moveChunk(chunk, 'create_ruled_out');
  if (unsettled === null) return moved(ruledOut);
  memory.creates += 1;
  if (unsettled.retryable && memory.creates < providerRetry.attempts) return moved(ruledOut);
  // Whoever types the command again has the file uploaded again.
  if (errorCode(unsettled) === 'file_not_found') await context.ledger.moveChunk(ruledOut, 'input_file_lost');
  throw unsettled.asFinal();
}

/** Some servers have no words of their own for a cap on batches under way; one of these will end. */
async function isCapOnBatches(
  { room }: BatchContext,
  chunk: ChunkRecord,
  { code }: BatchlineError,
  { creates }: Memory,
): Promise<boolean> {
  if (code !== 'rate_limited' || creates + 1 < providerRetry.attempts) return false;
  return (await room.batchesBeside(chunk)) > 0;
}

function isRefusal(unsettled: Memory['unsettled']): unsettled is Refusal {
  return unsettled !== null && !(unsettled instanceof BatchlineError);
}
