import type { BatchSide } from '../core/batch-side.ts';
import type { BatchlineError } from '../core/errors.ts';
import type { OpenedSink } from '../core/sink.ts';

/** Stands in for a sink that cannot be loaded into: answers stay on disk, for want of what the error names. */
export function absentSink(target: string, error: BatchlineError): OpenedSink {
  const fail = (): Promise<never> => Promise.reject(error);
  return {
    target,
    keepsHash: false,
    isReplaced: false,
    rehearse: fail,
    // There is nothing that could be made ready.
    prepare: () => Promise.resolve(),
    findUnchanged: fail,
    load: fail,
    continues: fail,
    holds: fail,
    restart: fail,
    finish: fail,
    sample: fail,
    recordRun: fail,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Stands in for the batch side of a provider that cannot be reached. */
export function absentBatches({ limits, knownBy }: BatchSide, error: BatchlineError): BatchSide {
  const fail = (): Promise<never> => Promise.reject(error);
  const failAtOnce = (): never => {
    throw error;
  };
  return {
    limits,
    knownBy,
    create: fail,
    look: fail,
    list: failAtOnce,
    cancel: fail,
    fetch: fail,
    read: failAtOnce,
  };
}
