import type { Host } from '../core/host.ts';
import type { Redactor } from '../core/redact.ts';
import { isKept, isTold, toTold } from '../core/telling.ts';
import type { EventLog } from '../ledger/event-log.ts';

/**
 * The host of a run: what happens is freed of secrets, stamped, kept in the ledger and passed on.
 *
 * @param runId left out where `RunStarted` is to tell it
 */
export function tellingHost(
  host: Host,
  ledger: EventLog,
  redactor: Redactor,
  runId: string | null = null,
): Host {
  const { emit } = host;
  let known = runId;
  return {
    ...host,
    emit: (event) => {
      if (isTold(event)) return emit(event);
      if (event.type === 'RunStarted') known = event.runId;
      const told = toTold(event, known, redactor);
      if (told.runId !== null && isKept(told)) void ledger.append(told);
      emit(told);
    },
  };
}
