import type { Likeness } from '../../batch/held-against.ts';
import { hasEnded, hasUnnamedResults, type RemoteBatch } from '../../core/batch-side.ts';

/** How far the provider's clock may be from ours. */
export const clocksMs = 10 * 60_000;

/** A create whose outcome is unknown. */
export interface DoubtfulCreate {
  readonly requests: number;
  /** When it was intended; milliseconds since 1970, as all times here. */
  readonly intendedAt: number;
  /** When it was surely over. */
  readonly overAt: number;
}

/** Whether a batch that nothing names may be what a create has made. What is not known of it rules nothing out. */
export function isCandidate(
  { createdAt, counts, refusal }: Pick<RemoteBatch, 'createdAt' | 'counts' | 'refusal'>,
  { requests, intendedAt, overAt }: DoubtfulCreate,
): boolean {
  // Nothing ran, and nothing was paid.
  if (refusal !== null) return false;
  if (createdAt !== null && (createdAt < intendedAt - clocksMs || createdAt > overAt + clocksMs))
    return false;
  // Some servers count only once they have looked through the file.
  return counts === null || counts.total === 0 || counts.total === requests;
}

/**
 * What is known of a candidate.
 * - `running`: it has not ended, so that nobody can tell
 * - `ours`: its answers are those to our requests, as far as that can be told
 * - `foreign`: it is none of ours, or holds no answer that could have been paid for
 * - `unclear`: it has ids of ours, but not all, or answers that look like those to other requests
 * - `unreadable`: the provider no longer has its results
 */
export type Verdict = 'running' | 'ours' | 'foreign' | 'unclear' | 'unreadable';

/** What can be told of a candidate without its results; null where those decide. */
export function verdictUnread(batch: RemoteBatch): Verdict | null {
  if (!hasEnded(batch.status)) return 'running';
  if (hasUnnamedResults(batch) || batch.results.some(({ isGone }) => isGone === true)) return 'unreadable';
  return batch.results.length === 0 ? 'foreign' : null;
}

/** @param total how many requests the provider says that the candidate has; null or 0 where it does not say */
export function verdictOf(
  { lines, ids, others, answers, otherModel, alike }: Likeness,
  requests: number,
  total: number | null,
): Verdict {
  const isWhole = others.unread === 0 && lines >= Math.max(total ?? 0, 1);
  if (ids === requests && others.strangers === 0 && answers > 0)
    return otherModel === 0 && alike * 10 >= answers * 9 ? 'ours' : 'unclear';
  // What lacks lines of ours may lack answers.
  const isUnanswered = answers === 0 && lines >= requests;
  return isWhole && (ids === 0 || isUnanswered) ? 'foreign' : 'unclear';
}

/**
 * What becomes of a create.
 * - `wait`: a candidate has not ended
 * - `adopt`: one is ours
 * - `absent`: none is, so that it was not carried out
 * - `person`: nobody but a person can tell whether one of these is
 */
export type Decision =
  | { readonly kind: 'wait' | 'absent' }
  | { readonly kind: 'adopt'; readonly id: string }
  | { readonly kind: 'person'; readonly ids: readonly string[] };

/** Decides once everything is known of every candidate; of two that both look like ours, neither is taken. */
export function decide(verdicts: ReadonlyMap<string, Verdict>): Decision {
  const those = (...kinds: readonly Verdict[]): readonly string[] =>
    [...verdicts].flatMap(([id, verdict]) => (kinds.includes(verdict) ? [id] : []));
  if (those('running').length > 0) return { kind: 'wait' };
  const ours = those('ours');
  const [id] = ours;
  if (id !== undefined) return ours.length === 1 ? { kind: 'adopt', id } : { kind: 'person', ids: ours };
  const undecided = those('unclear', 'unreadable');
  return undecided.length === 0 ? { kind: 'absent' } : { kind: 'person', ids: undecided };
}
