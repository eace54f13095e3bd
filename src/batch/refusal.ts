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
