import type { LineFault } from '../core/batch-side.ts';
import { supersededCode } from '../ledger/unfinished-row.ts';
import type { FileLimit } from './file-limit.ts';
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
 * Turns the fate of a file that is too large into results of its rows: none was run, and all are to be packed anew,
 * save those that are too large by themselves.
 *
 * @param tooLarge their sizes by their lines, counted from 0
 */
export function applySupersession(
  reconciliation: Reconciliation,
  limit: FileLimit,
  tooLarge: ReadonlyMap<number, number>,
): void {
  for (const { rows, offset } of reconciliation.spans) {
    for (const [line, customId] of rows.customIds.entries()) {
      const size = tooLarge.get(line);
      reconciliation.take(
        offset + line,
        size === undefined
          ? unsent(customId, supersededCode, 'Its file was too large.', true)
          : overLimit(customId, limit, size),
      );
    }
  }
}

function rejected(customId: string, { code, message, blame = 'row' }: LineFault): FailedResult {
  return { ...unsent(customId, code ?? 'invalid_request', message, false), blame };
}

function overLimit(customId: string, { of, limit }: FileLimit, size: number): FailedResult {
  const [code, message] =
    of === 'tokens'
      ? [
          'row_over_token_limit',
          `The row has about ${size} tokens, of which at most ${limit} may be enqueued.`,
        ]
      : ['row_over_byte_limit', `The row's request has ${size} bytes, of which a file may hold ${limit}.`];
  return unsent(customId, code, message, false);
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
