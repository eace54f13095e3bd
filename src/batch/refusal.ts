import type { LineFault } from '../core/batch-side.ts';
import { supersededCode } from '../ledger/unfinished-row.ts';
import { rowState, type FailedResult, type Reconciliation } from './reconciliation.ts';

/**
 * Turns the refusal of a whole file into results of its rows: the lines that the provider's validation named have
 * failed, all others never ran and are to be sent again in another file. Lines count from 1.
 */
export function applyRefusal(reconciliation: Reconciliation, named: ReadonlyMap<number, LineFault>): void {
  const [reason = 'no reason was given'] = Array.from(named.values(), ({ message }) => message);
  for (const { rows, offset } of reconciliation.spans) {
    for (const [line, customId] of rows.customIds.entries()) {
      if (reconciliation.states[offset + line] === rowState.ok) continue;
      const error = named.get(line + 1);
      reconciliation.take(
        offset + line,
        error === undefined ? repacked(customId, reason) : rejected(customId, error),
      );
    }
  }
}

/**
 * Turns the fate of a file that holds more tokens than may be enqueued into results of its rows: none was sent, and
 * all are to be packed anew, save those that are too large by themselves.
 */
export function applySupersession(
  reconciliation: Reconciliation,
  tooLarge: ReadonlyMap<number, string>,
): void {
  for (const { rows, offset } of reconciliation.spans) {
    for (const [line, customId] of rows.customIds.entries()) {
      const reason = tooLarge.get(line);
      const failure =
        reason === undefined
          ? unsent(customId, supersededCode, 'Its file was too large.', true)
          : unsent(customId, 'row_over_token_limit', reason, false);
      reconciliation.take(offset + line, failure);
    }
  }
}

function rejected(customId: string, { code, message, blame = 'row' }: LineFault): FailedResult {
  return { ...unsent(customId, code ?? 'invalid_request', message, false), blame };
}

function repacked(customId: string, reason: string): FailedResult {
  return unsent(customId, 'repacked', `Another line of its file was refused: ${reason}`, true);
}

function unsent(customId: string, code: string, message: string, retryable: boolean): FailedResult {
  const blame = retryable ? 'provider' : 'row';
  return {
    kind: 'failed',
    customId,
    stage: 'request',
    code,
    message,
    retryable,
    ran: false,
    blame,
    usage: null,
  };
}
