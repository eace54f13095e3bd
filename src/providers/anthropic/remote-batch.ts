import type { BatchStatus, RemoteBatch, ResultPart } from '../../core/batch-side.ts';
import { asCount, asMap, asText, type JsonMap } from '../../core/json.ts';

const statuses: Readonly<Record<string, BatchStatus>> = {
  in_progress: 'in_progress',
  canceling: 'cancelling',
  ended: 'completed',
};

/** How many requests of a batch there are of each kind. */
export interface RequestCounts {
  readonly processing: number;
  readonly succeeded: number;
  readonly errored: number;
  readonly canceled: number;
  readonly expired: number;
}

/** A batch as the API reports one; undefined where the answer is none. */
export function remoteBatch(answer: unknown): RemoteBatch | undefined {
  const batch = asMap(answer);
  const id = asText(batch?.['id']);
  if (batch === undefined || id === null) return undefined;
  const rawStatus = asText(batch['processing_status']) ?? '';
  const counts = requestCounts(batch['request_counts']);
  return {
    id,
    status: statusOf(rawStatus, counts),
    rawStatus,
    label: null,
    input: null,
    results: rawStatus === 'ended' ? resultParts(batch, id) : [],
    refusal: null,
    createdAt: time(batch['created_at']),
    expiresAt: time(batch['expires_at']),
    endedAt: time(batch['ended_at']),
    counts:
      counts === null
        ? null
        : { total: totalOf(counts), completed: counts.succeeded, failed: counts.errored },
  };
}

/** Whatever became of a batch, it has `ended`; its requests tell whether it was let run to its end. */
function statusOf(rawStatus: string, counts: RequestCounts | null): BatchStatus {
  const status = Object.hasOwn(statuses, rawStatus) ? statuses[rawStatus] : undefined;
  if (status !== 'completed' || counts === null) return status ?? 'unknown';
  if (counts.canceled > 0) return 'cancelled';
  return counts.expired > 0 ? 'expired' : 'completed';
}

/** Null where the batch does not say. */
export function requestCounts(value: unknown): RequestCounts | null {
  const given = asMap(value);
  if (given === undefined) return null;
  const of = (name: string): number => asCount(given[name]) ?? 0;
  return {
    processing: of('processing'),
    succeeded: of('succeeded'),
    errored: of('errored'),
    canceled: of('canceled'),
    expired: of('expired'),
  };
}

function totalOf({ processing, succeeded, errored, canceled, expired }: RequestCounts): number {
  return processing + succeeded + errored + canceled + expired;
}

/** Results are archived after 29 days; the batch goes on being listed. */
function resultParts(batch: JsonMap, batchId: string): readonly ResultPart[] {
  const url = asText(batch['results_url']);
  const isArchived = asText(batch['archived_at']) !== null;
  if (url === null && !isArchived) return [];
  const part = { id: url ?? `the results of ${batchId}`, holds: 'both' } as const;
  return [isArchived ? { ...part, isGone: true } : part];
}

/** Milliseconds since 1970, of RFC 3339. */
function time(value: unknown): number | null {
  const parsed = Date.parse(asText(value) ?? '');
  return Number.isNaN(parsed) ? null : parsed;
}
