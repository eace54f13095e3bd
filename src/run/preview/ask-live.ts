import type { LoadedPipeline } from '../../config/load.ts';
import { BatchlineError } from '../../core/errors.ts';
import type { DirectSide } from '../../core/direct-side.ts';
import type { Host } from '../../core/host.ts';
import { windowMs } from '../../core/tier-names.ts';
import type { TrialParts } from '../../job/trial-parts.ts';
import { askLine } from '../../send/direct/ask-line.ts';
import type { Asked } from '../../send/direct/asked-lines.ts';
import type { Asking } from '../../send/direct/context.ts';
import { openAsking } from '../../send/direct/open-asking.ts';
import type { TrialRequest } from '../trial/trial-rows.ts';

const lookMs = 1000;

/** The tier that a preview asks for: nobody who looks at a screen waits for hours. */
export function previewTier({ pipeline }: LoadedPipeline): string | undefined {
  const { tier } = pipeline.standard;
  return windowMs(tier) === null ? tier : undefined;
}

export interface LiveAnswers {
  /** Lines of results, by the index of their request. */
  readonly answers: ReadonlyMap<number, Buffer>;
  /** Why the others were not sent. */
  readonly error: BatchlineError | null;
}

/**
 * Sends requests through the synchronous API as a run does, at its pace and with its tries, and keeps the answers in
 * memory. Once it is to stop, nothing more is sent, and what is under way is waited for.
 *
 * @throws BatchlineError `account_refused`, `provider_silent` where nothing was answered before
 */
export async function askLive(
  requests: readonly TrialRequest[],
  direct: DirectSide,
  parts: Pick<TrialParts, 'requestLines' | 'results'>,
  loaded: LoadedPipeline,
  host: Host,
): Promise<LiveAnswers> {
  const answers = new Map<number, Buffer>();
  const failure = new AbortController();
  const stop = AbortSignal.any([host.signals.drain, failure.signal]);
  const context: Asking = {
    ...openAsking(loaded, parts, lookMs),
    direct: tellingOfFailures(direct, host),
    tier: previewTier(loaded),
    signals: host.signals,
    runFailed: stop,
  };
  const ask = async ({ line }: TrialRequest, number: number): Promise<void> => {
    try {
      const tokens = context.tokensOf(line);
      const sentAt = await context.pacer.turn(tokens, stop);
      await askLine(context, inMemory(answers), { number, line, tokens }, sentAt, stop);
    } catch (error) {
      // The first failure keeps the others from being sent; what they then throw follows from it.
      if (!stop.aborted) failure.abort(error);
    }
  };
  await Promise.all(requests.map(ask));
  if (!failure.signal.aborted) return { answers, error: null };
  const error: unknown = failure.signal.reason;
  // What was paid for is shown along with what went wrong then.
  if (!(error instanceof BatchlineError) || answers.size === 0) throw error;
  return { answers, error };
}

/** A run has a file for it, since it may be killed. */
function inMemory(answers: Map<number, Buffer>): Asked {
  return {
    handleOf: () => undefined,
    sent: () => {},
    begun: () => {},
    refused: () => {},
    gone: () => {},
    answered: (line, text) => void answers.set(line, Buffer.from(text.trimEnd())),
  };
}

/** Whoever waits is to know for what. */
function tellingOfFailures(direct: DirectSide, { emit }: Host): DirectSide {
  const warn = (what: string): void =>
    emit({ type: 'Warned', message: `A request was not answered (${what}) and is sent again.` });
  return {
    async ask(...asked) {
      try {
        const response = await direct.ask(...asked);
        if (response.status === 429 || response.status >= 500) warn(`status ${response.status}`);
        return response;
      } catch (error) {
        if (error instanceof BatchlineError && error.retryable) warn(error.message);
        throw error;
      }
    },
  };
}
