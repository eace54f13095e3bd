import { BatchlineError } from '../../core/errors.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import { later, moved, type Step } from '../lane.ts';
import type { BatchContext } from './context.ts';
import { findBatches } from './find-batches.ts';
import type { Memory } from './memory.ts';
import { afterFailedCreate, submitted } from './submit.ts';

/**
 * Settles a create whose outcome is unknown, after a lost reply or the death of the process: what the provider lists
 * under this chunk's label is adopted. Absence is believed only after a second look, since a batch can appear a moment
 * after its connection was cut, and only where the listing is that of the account that the create was sent to.
 */
export async function settleCreate(context: BatchContext, chunk: ChunkRecord, memory: Memory): Promise<Step> {
  const { ledger, account, settleMs } = context;
  const { secondLookAt } = memory;
  if (secondLookAt !== null && Date.now() < secondLookAt) return later(secondLookAt, 'settling');
  const found = await findBatches(context, chunk);
  if (found.mine !== null) return submitted(context, chunk, found.mine, true);
  if (secondLookAt === null) {
    memory.secondLookAt = Date.now() + settleMs;
    return later(memory.secondLookAt, 'settling');
  }
  const provesAbsence = found.sawThisRun || chunk.account === account;
  if (!provesAbsence) throw wrongAccount(context, chunk);
  const ruledOut = await ledger.moveChunk(chunk, 'create_ruled_out');
  const { unsettled } = memory;
  return unsettled === null ? moved(ruledOut) : afterFailedCreate(context, ruledOut, memory, unsettled);
}

function wrongAccount({ runId }: BatchContext, { chunk }: ChunkRecord): BatchlineError {
  return new BatchlineError(
    'wrong_account',
    `Batch ${chunk} of run ${runId} may exist, but the account of this API key does not show it.`,
    {
      hint: 'Use the API key, organisation and project that the run was started with; nothing was sent twice.',
      exitCode: 1,
    },
  );
}
