import type { BatchFileError } from '../core/provider.ts';
import { rowState, type FailedResult, type Reconciliation } from './reconciliation.ts';

/**
 * Turns the refusal of a whole file into results of its rows: the lines that the provider's validation named have
 * failed, all others never ran and are to be sent again in another file.
 */
export function applyRefusal(reconciliation: Reconciliation, errors: readonly BatchFileError[]): void {
  const named = new Map(errors.map((error) => [error.line, error]));
  for (const { rows, offset } of reconciliation.spans) {
    for (const [line, customId] of rows.customIds.entries()) {
      if (reconciliation.states[offset + line] === rowState.ok) continue;
      reconciliation.accept(
        named.has(line + 1) ? rejected(customId, named.get(line + 1)) : repacked(customId),
      );
    }
  }
}

/** The code of rows whose file was too large to be sent; they leave again at once. */
export const supersededCode = 'superseded';

/**
 * Turns the fate of a file that holds more tokens than may be enqueued into results of its rows: none was sent, and
 * all are to be packed anew, save those that are too large by themselves.
 */
export function applySupersession(
  reconciliation: Reconciliation,
  tooLarge: ReadonlyMap<number, string>,
): void {
  for (const { rows } of reconciliation.spans) {
    for (const [line, customId] of rows.customIds.entries()) {
      const reason = tooLarge.get(line);
      const failure =
        reason === undefined
          ? { code: supersededCode, message: 'Its file was too large.', retryable: true }
          : { code: 'row_over_token_limit', message: reason, retryable: false };
      reconciliation.accept({
        kind: 'failed',
        customId,
        stage: 'request',
        ...failure,
        ran: false,
        usage: null,
      });
    }
  }
}

function rejected(customId: string, error: BatchFileError | undefined): FailedResult {
  const code = error?.code ?? 'invalid_request';
  const message = error?.message ?? 'The provider refused this line.';
  return {
    kind: 'failed',
    customId,
    stage: 'request',
    code,
    message,
    retryable: false,
    ran: false,
    usage: null,
  };
}

function repacked(customId: string): FailedResult {
  return {
    kind: 'failed',
    customId,
    stage: 'request',
    code: 'repacked',
    message: 'Another line of its file was refused.',
    retryable: true,
    ran: false,
    usage: null,
  };
}
