import type { Pipeline } from '../config/pipeline.ts';
import type { ForecastReader } from '../ledger/forecast-ledger.ts';
import { forecast } from './forecast.ts';
import { providerName } from './provider-name.ts';

/** When files that are sent from now on will have been answered, RFC 3339; null where too little is known, or none is sent. */
export async function forecastFiles(
  ledger: { readonly forecast: ForecastReader },
  pipeline: Pipeline,
  files: readonly { readonly requests: number; readonly tokens: number }[],
  now = Date.now(),
): Promise<{ readonly p50: string; readonly p90: string } | null> {
  if (files.length === 0) return null;
  const past = await ledger.forecast.past(providerName(pipeline), pipeline.request.model);
  const expected = forecast(past, {
    batches: files.map(({ requests, tokens }) => ({ requests, tokens, ageMs: null })),
    maxTokens: pipeline.batch.max_enqueued_tokens ?? null,
  });
  if (expected?.kind !== 'in') return null;
  const { p50, p90 } = expected;
  return { p50: new Date(now + p50).toISOString(), p90: new Date(now + p90).toISOString() };
}
