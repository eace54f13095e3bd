import { BatchlineError } from '../core/errors.ts';
import type { OpenedSink } from '../core/sink.ts';
import type { Host } from '../core/host.ts';

/** Runs what loads into a sink, and says at its end, good or bad, what the sink has still set aside. */
export async function tellingSetAside<T>(sink: OpenedSink, host: Host, work: () => Promise<T>): Promise<T> {
  try {
    const done = await work();
    if (typeof sink.setAside === 'string') host.emit({ type: 'Warned', message: sink.setAside });
    return done;
  } catch (error) {
    throw withNotice(error, sink.setAside ?? null);
  }
}

/** The hint is the last line that a user reads. */
function withNotice(error: unknown, notice: string | null): unknown {
  if (notice === null || !(error instanceof BatchlineError)) return error;
  const { code, message, where, hint, exitCode, retryable } = error;
  return new BatchlineError(code, message, {
    where,
    hint: [hint, notice].join(' ').trim(),
    retryable,
    cause: error,
    ...(exitCode === undefined ? {} : { exitCode }),
  });
}
