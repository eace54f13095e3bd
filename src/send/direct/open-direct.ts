import type { Host } from '../../core/host.ts';
import type { Collection } from '../../job/job.ts';
import { systemClock } from './clock.ts';
import type { DirectContext } from './context.ts';
import { DirectLane } from './direct-lane.ts';
import { Heard } from './heard.ts';
import { Pace } from './pace.ts';
import { Pacer } from './pacer.ts';

/** The way of a run's chunks through the provider's synchronous API. */
export function openDirectLane(
  { ledger, run, loaded, prepared, pass }: Collection,
  halt: DirectContext['halt'],
  { signals, emit }: Host,
): DirectLane {
  const { concurrency, requests_per_minute, tokens_per_minute, tier } = loaded.pipeline.standard;
  const limits = {
    concurrency,
    requestsPerMinute: requests_per_minute ?? null,
    tokensPerMinute: tokens_per_minute ?? null,
  };
  const { direct, account } = prepared.provider;
  const lines = prepared.requestLines;
  return new DirectLane({
    ledger,
    direct,
    account,
    lines,
    read: (line) => prepared.results.reader.read(line, 0, line.length),
    pacer: new Pacer(new Pace(limits, systemClock.now()), systemClock),
    heard: new Heard(),
    clock: systemClock,
    concurrency,
    tier,
    // Looking into each line takes longer than sending it.
    tokensOf: (line) => (limits.tokensPerMinute === null ? 0 : lines.tokensOf(line) + lines.outputCeiling),
    folder: run.folder,
    pass,
    halt,
    signals,
    emit,
  });
}
