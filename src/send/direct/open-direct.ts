import type { Host } from '../../core/host.ts';
import { windowMs } from '../../core/tier-names.ts';
import type { Collection } from '../../job/job.ts';
import { pollIntervalMs } from '../../job/settings.ts';
import type { Ways } from '../auto/ways.ts';
import { systemClock } from './clock.ts';
import type { DirectContext } from './context.ts';
import { DirectLane } from './direct-lane.ts';
import { Heard } from './heard.ts';
import { Pace } from './pace.ts';
import { Pacer } from './pacer.ts';
import { timed } from './timed.ts';
import { Windows } from './windows.ts';

/** The way of a run's chunks through the provider's synchronous API. */
export function openDirectLane(
  { ledger, run, loaded, prepared, pass }: Collection,
  ways: Pick<Ways, 'hurries' | 'deadlineAt'>,
  failure: Pick<DirectContext, 'halt' | 'runFailed'>,
  { signals, emit }: Host,
): DirectLane {
  const { concurrency, requests_per_minute, tokens_per_minute, tier } = loaded.pipeline.standard;
  const limits = {
    concurrency,
    requestsPerMinute: requests_per_minute ?? null,
    tokensPerMinute: tokens_per_minute ?? null,
  };
  const { provider, requestLines: lines, results } = prepared;
  const { model } = loaded.pipeline.request;
  const { direct, keep } = timed(provider.direct, (ms) =>
    ledger.auto.addDurations({ pipeline: run.pipeline, model, what: 'request' }, ms),
  );
  return new DirectLane({
    ledger,
    direct,
    account: provider.account,
    keepTimes: keep,
    lines,
    read: (line) => results.reader.read(line, 0, line.length),
    pacer: new Pacer(new Pace(limits, systemClock.now()), systemClock),
    heard: new Heard(),
    clock: systemClock,
    concurrency,
    windows: new Windows(pollIntervalMs(loaded.pipeline, prepared.isEmulator), concurrency, systemClock),
    // Who is served when there is room may wait for long.
    get tier() {
      const within = windowMs(tier);
      const isTooLong =
        within !== null && ways.deadlineAt !== null && systemClock.now() + within > ways.deadlineAt;
      const isPatient = tier === 'flex' || within !== null;
      return isTooLong || (isPatient && ways.hurries) ? undefined : tier;
    },
    // Looking into each line takes longer than sending it.
    tokensOf: (line) => (limits.tokensPerMinute === null ? 0 : lines.tokensOf(line) + lines.outputCeiling),
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
