/**
 * Whether a budget leaves room for a file: the decision alone, without I/O. It has to be made inside the transaction
 * that writes the intent to send, so that no two processes spend the same dollar.
 */

/** One limit and what is held against it, in US dollars. */
export interface BudgetStanding {
  readonly name: 'max_cost' | 'per_month';
  readonly limit: number;
  /** What answers are known to have cost. */
  readonly spent: number;
  /** The most that files under way may cost: it falls to their real cost when they come back. */
  readonly underWay: number;
  /** What may have been billed without our knowing, such as a batch that was given up: it never falls. */
  readonly unknown: number;
}

/** A file that is to be sent. */
export interface WantedMoney {
  readonly requests: number;
  /** The most that the file may cost. */
  readonly most: number;
  /** What any single request is reserved at for its answer alone. */
  readonly mostOfAnswer: number;
}

export type BudgetDecision =
  | { readonly kind: 'take' }
  /** Something under way will come back cheaper than it was reserved at. */
  | { readonly kind: 'wait'; readonly standing: BudgetStanding }
  /** A smaller file may fit. */
  | { readonly kind: 'too_dear'; readonly standing: BudgetStanding; readonly largest: number }
  | { readonly kind: 'used_up'; readonly standing: BudgetStanding };

/** What may still be reserved; below zero where a limit was lowered. */
export function leftOf({ limit, spent, underWay, unknown }: BudgetStanding): number {
  return limit - spent - underWay - unknown;
}

/** Decides by the limit that leaves least. A file waits rather than end a run while others may come back cheaper. */
export function decideBudget(standings: readonly BudgetStanding[], wanted: WantedMoney): BudgetDecision {
  const tightest = standings.reduce<BudgetStanding | null>(
    (least, each) => (least === null || leftOf(each) < leftOf(least) ? each : least),
    null,
  );
  if (tightest === null) return { kind: 'take' };
  const left = leftOf(tightest);
  if (wanted.most <= left) return { kind: 'take' };
  if (tightest.underWay > 0) return { kind: 'wait', standing: tightest };
  if (wanted.requests > 1 && wanted.mostOfAnswer < left)
    return { kind: 'too_dear', standing: tightest, largest: left };
  return { kind: 'used_up', standing: tightest };
}
