import { BatchlineError } from '../core/errors.ts';

/** A signal that is aborted by SIGINT or SIGTERM. A second one ends the process at once: a run can be resumed. */
export function watchSignals(host: NodeJS.Process): AbortSignal {
  const controller = new AbortController();
  const onSignal = (name: string): void => {
    if (controller.signal.aborted) host.exit(130);
    controller.abort(
      new BatchlineError('interrupted', `stopped by ${name}`, {
        exitCode: 130,
        hint: 'The same command resumes where this one stopped.',
      }),
    );
  };
  host.on('SIGINT', onSignal);
  host.on('SIGTERM', onSignal);
  return controller.signal;
}
