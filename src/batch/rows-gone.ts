import { BatchlineError } from '../core/errors.ts';

/** What is thrown where a file is not there, or not whole, without which no answer can be joined with its row. */
export function rowsGone(path: string, what: string, cause?: unknown): BatchlineError {
  return new BatchlineError('rows_gone', `The file that tells which rows were sent ${what}.`, {
    where: path,
    hint: 'Answers cannot be joined with their rows without it: put it back from a copy.',
    exitCode: 1,
    cause,
  });
}
