import { settledBlame, anyAnswered } from '../batch/chunk-outcome.ts';
import { rowState, type ChunkSpan, type FailedResult, type Reconciliation } from '../batch/reconciliation.ts';
import { BatchlineError } from '../core/errors.ts';

/**
 * What ends the run once a batch was read in which rows failed for the account's sake: whatever is sent next would fare
 * no better, until somebody mends that. Null where none did.
 *
 * @param isCounted whether a failure tells so much; each does where it is left out
 */
export function accountRefused(
  reconciliation: Reconciliation,
  span: ChunkSpan,
  isCounted: (failure: FailedResult) => boolean = () => true,
): BatchlineError | null {
  const { chunk, offset } = span;
  const answered = anyAnswered(reconciliation, span);
  const failures: FailedResult[] = [];
  for (let line = 0; line < chunk.requests; line += 1) {
    const failure = reconciliation.failures.get(offset + line);
    const isPending = reconciliation.states[offset + line] === rowState.pending;
    if (failure === undefined || !isPending || !isCounted(failure)) continue;
    if (settledBlame(failure, answered) === 'account') failures.push(failure);
  }
  const [first] = failures;
  if (first === undefined) return null;
  const codes = [...Map.groupBy(failures, ({ code }) => code)].toSorted(
    ([, a], [, b]) => b.length - a.length,
  );
  const counted = codes.map(([code, { length }]) => `${length} with ${code}`).join(', ');
  const message = codes[0]?.[1][0]?.message ?? first.message;
  return new BatchlineError(
    'account_refused',
    `${failures.length} of ${chunk.requests} rows of file ${chunk.chunk} were refused for the account's sake, ${counted}, so nothing more is sent: ${message}`,
    {
      where: chunk.batchId === null ? undefined : `batch ${chunk.batchId}`,
      hint: 'Set it right at the provider (credit, spend limit, API key, project, access to the model). These rows are not failed: they wait.',
      exitCode: 1,
    },
  );
}
