import { BatchlineError } from '../core/errors.ts';
import { waitForLock, type LockKind } from '../files/file-lock.ts';

/** A starter may have to wait while another one initializes, or the last user stops the server. */
const longestWaitMs = 150_000;

/** @throws BatchlineError `embedded_postgres_busy` */
export async function embeddedLock(path: string, kind: LockKind): Promise<Disposable> {
  const lock = await waitForLock(path, kind, longestWaitMs);
  if (lock !== null) return lock;
  throw new BatchlineError(
    'embedded_postgres_busy',
    'another process is starting or stopping the embedded Postgres',
    {
      where: path,
      retryable: true,
      hint: 'Try again in a moment; if it stays, end the process that has this file open.',
    },
  );
}
