import { BatchlineError } from '../core/errors.ts';
import type { Signals } from '../core/host.ts';

/** How long what was aborted has to clean up, in milliseconds. */
const patience = 2_000;

/** Drains at the first SIGINT or SIGTERM and aborts at the second. Whatever does not end at the second is ended: a run can be resumed. */
export function watchSignals(host: NodeJS.Process): Signals {
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
