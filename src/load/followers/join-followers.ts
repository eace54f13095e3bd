import type { Answer } from '../../core/batch-result.ts';
import type { UnfinishedRow } from '../../ledger/ledger.ts';
import { readResult, readResultBlocks } from '../../batch/read-result.ts';
import type { ResultColumns } from '../../job/result-columns.ts';
import type { Follower, FollowerIndex } from './follower-index.ts';
import { namedParts } from '../join-results.ts';
import type { LoadQueue } from '../load-queue.ts';

export interface FollowContext {
  readonly index: FollowerIndex;
  readonly results: ResultColumns;
  readonly queue: LoadQueue;
  /** What the places of loaded rows are named after. */
  readonly place: string;
  readonly batchId: string | null;
  /** Leaders that were sent before, by custom_id. */
  readonly history: ReadonlyMap<string, Pick<UnfinishedRow, 'attempts'>>;
  /** The `now` of expressions, RFC 3339. */
  readonly now: string;
  readonly signal: AbortSignal;
  /** Whether a follower is to be loaded; all of them where it is left out. */
  readonly isWanted?: ((follower: Follower) => boolean) | undefined;
}

export interface JoinedFollowers {
  /** Followers whose leader's answer was found; those of them that could not be loaded are in the index. */
  readonly joined: number;
  /** Leaders whose answer stands in none of the files. */
  readonly unanswered: ReadonlySet<string>;
}

/** The tokens were paid for by the leader. */
const noUsage = { input_tokens: 0, output_tokens: 0, total_tokens: 0, cached_tokens: 0 };

/**
 * Streams result files and gives the answer of each leader, its first success, to its followers. What was queued is
 * durable once the queue has been drained.
 */
export async function joinFollowers(
  context: FollowContext,
  files: readonly string[],
  leaders: ReadonlySet<string>,
): Promise<JoinedFollowers> {
  const { results, queue, place, signal } = context;
  const unanswered = new Set(leaders);
  let joined = 0;
  let part = 0;
  for (const file of files) {
    for await (const block of readResultBlocks(file, signal)) {
      for (let line = 0; line < block.count && unanswered.size > 0; line += 1) {
        const result = readResult(results.reader, block, line);
        const bytes = (block.ends[line] ?? 0) - (block.starts[line] ?? 0);
        if (result.kind !== 'ok' || !unanswered.delete(result.customId)) continue;
        for (const follower of context.index.of(result.customId)) {
          if (context.isWanted?.(follower) === false) continue;
          joined += 1;
          if (!loadFollower(context, follower, result.answer, bytes)) continue;
          await queue.flush(`${place}.${part}`);
          part += 1;
        }
      }
    }
  }
  await queue.flush(`${place}.${part}`);
  return { joined, unanswered };
}

/** @returns whether the queue wants to be flushed */
function loadFollower(
  context: FollowContext,
  { id, leader, row }: Follower,
  answer: Answer,
  bytes: number,
): boolean {
  const { columns, keyNames } = context.results;
  const values = columns.evaluate({
    customId: row.customId,
    key: namedParts(keyNames, row.key),
    row: row.carried,
    answer: { ...answer, usage: noUsage },
    requestHash: row.requestHash,
    batchId: context.batchId,
    attempt: (context.history.get(leader)?.attempts ?? 0) + 1,
    now: context.now,
  });
  if ('code' in values) {
    context.index.refuse(id, values);
    return context.queue.leaveOut(id, { customId: row.customId, ...values }, bytes);
  }
  return context.queue.push(id, row, values, bytes);
}
