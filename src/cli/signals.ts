import { BatchlineError } from '../core/errors.ts';

/** What the process's signals ask for. */
export interface Stops {
  /** Aborted at the first SIGINT or SIGTERM: begin nothing new, finish what must not be broken off, and end. */
  readonly drain: AbortSignal;
  /** Aborted at the second: end at once. */
  readonly abort: AbortSignal;
}

/** How long what was aborted has to clean up, in milliseconds. */
const patience = 2_000;

/** Watches for SIGINT and SIGTERM. Whatever does not end at the second is ended: a run can be resumed. */
export function watchSignals(host: NodeJS.Process): Stops {
  const drain = new AbortController();
  const abort = new AbortController();
  const onSignal = (name: string): void => {
    const reason = stopped(name);
    if (!drain.signal.aborted) return drain.abort(reason);
    if (abort.signal.aborted) host.exit(130);
    abort.abort(reason);
    setTimeout(() => host.exit(130), patience).unref();
  };
  host.on('SIGINT', onSignal);
  host.on('SIGTERM', onSignal);
  return { drain: drain.signal, abort: abort.signal };
}

function stopped(name: string): BatchlineError {
  return new BatchlineError('interrupted', `stopped by ${name}`, {
    exitCode: 130,
    hint: 'The same command resumes where this one stopped.',
  });
}
