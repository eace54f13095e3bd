import { errorCode } from '../../core/errors.ts';

/** The result code of SQLite for a file that another process is writing: https://sqlite.org/rescode.html#busy */
const busy = 5;

export function isBusy(error: unknown): boolean {
  if (errorCode(error) !== 'ERR_SQLITE_ERROR') return false;
  // The low byte; the others say more of the reason.
  return (Number((error as { errcode?: unknown }).errcode) & 0xff) === busy;
}
