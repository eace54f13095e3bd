import type { Host } from '../../core/host.ts';
import type { Collection } from '../../job/job.ts';
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
  const { concurrency, requests_per_minute, tokens_per_minute } = loaded.pipeline.standard;
  const now = Date.now();
  const limits = {
    concurrency,
    requestsPerMinute: requests_per_minute ?? null,
    tokensPerMinute: tokens_per_minute ?? null,
  };
  const { direct, account } = prepared.provider;
  return new DirectLane({
    ledger,
    direct,
    account,
    lines: prepared.requestLines,
    read: (line) => prepared.results.reader.read(line, 0, line.length),
    pacer: new Pacer(new Pace(limits, now)),
    heard: new Heard(now),
    folder: run.folder,
    pass,
    halt,
    signals,
    emit,
  });
}
