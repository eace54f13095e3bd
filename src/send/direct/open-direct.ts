import type { Host } from '../../core/host.ts';
import { windowMs } from '../../core/tier-names.ts';
import type { Collection } from '../../job/job.ts';
import { pollIntervalMs } from '../../job/settings.ts';
import type { Ways } from '../auto/ways.ts';
import { systemClock } from './clock.ts';
import type { DirectContext } from './context.ts';
import { DirectLane } from './direct-lane.ts';
import { openAsking } from './open-asking.ts';
import { timed } from './timed.ts';

/** The way of a run's chunks through the provider's synchronous API. */
export function openDirectLane(
  { ledger, run, loaded, prepared, pass }: Collection,
  ways: Pick<Ways, 'hurries' | 'deadlineAt'>,
  failure: Pick<DirectContext, 'halt' | 'runFailed'>,
  { signals, emit }: Host,
): DirectLane {
  const { tier } = loaded.pipeline.standard;
  const { provider } = prepared;
  const { model } = loaded.pipeline.request;
  const { direct, keep } = timed(provider.direct, (ms) =>
    ledger.auto.addDurations({ pipeline: run.pipeline, model, what: 'request' }, ms),
  );
  return new DirectLane({
    ...openAsking(loaded, prepared, pollIntervalMs(loaded.pipeline, prepared.isEmulator)),
    ledger,
    direct,
    account: provider.account,
    keepTimes: keep,
    // Who is served when there is room may wait for long.
    get tier() {
      const within = windowMs(tier);
      const isTooLong =
        within !== null && ways.deadlineAt !== null && systemClock.now() + within > ways.deadlineAt;
      const isPatient = tier === 'flex' || within !== null;
      return isTooLong || (isPatient && ways.hurries) ? undefined : tier;
    },
    folder: run.folder,
    pass,
    halt: failure.halt,
    get runFailed() {
      return failure.runFailed;
    },
    signals,
    emit,
  });
}
