import type { Collection } from '../../job/job.ts';
import type { LoadParts } from '../../job/parts.ts';
import { systemClock } from './clock.ts';
import type { Asking } from './context.ts';
import { Heard } from './heard.ts';
import { Pace, type PaceLimits } from './pace.ts';
import { Pacer } from './pacer.ts';
import { Windows } from './windows.ts';

type Loaded = Pick<Collection['loaded'], 'pipeline'>;

/** How fast synchronous requests may be sent, as the pipeline file sets it. */
export function paceLimits({ pipeline }: Loaded): PaceLimits {
  const { concurrency, requests_per_minute, tokens_per_minute } = pipeline.standard;
  return {
    concurrency,
    requestsPerMinute: requests_per_minute ?? null,
    tokensPerMinute: tokens_per_minute ?? null,
  };
}

type OpenedAsking = Omit<Asking, 'direct' | 'tier' | 'isOtherKey' | 'signals' | 'runFailed'>;

/**
 * What asking lines one by one takes of a pipeline, from now on.
 *
 * @param lookMs between two looks at an answer that is not there at once
 */
export function openAsking(
  loaded: Loaded,
  { requestLines: lines, results }: Pick<LoadParts, 'requestLines' | 'results'>,
  lookMs: number,
): OpenedAsking {
  const limits = paceLimits(loaded);
  const { concurrency, tokensPerMinute } = limits;
  return {
    lines,
    read: (line) => results.reader.read(line, 0, line.length),
    pacer: new Pacer(new Pace(limits, systemClock.now()), systemClock),
    heard: new Heard(),
    clock: systemClock,
    concurrency,
    windows: new Windows(lookMs, concurrency, systemClock),
    // Looking into each line takes longer than sending it.
    tokensOf: (line) => (tokensPerMinute === null ? 0 : lines.tokensOf(line) + lines.outputCeiling),
  };
}
