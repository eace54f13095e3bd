import type { EventListener } from '../core/events.ts';
import type { RowCounts } from '../ledger/ledger.ts';

/** Tells how many of the answers that were loaded are not what the model wrote. */
export function warnOfRepairs(emit: EventListener, { repaired }: RowCounts): void {
  if (repaired === 0) return;
  const answers = repaired === 1 ? 'One answer was' : `${repaired} answers were`;
  emit({ type: 'Warned', message: `${answers} no JSON until repaired (request.output.repair).` });
}
