import type { ForecastReader } from '../ledger/forecast-ledger.ts';
import { forecast, type Forecast } from './forecast.ts';

/** When the batches of a run will have ended, from the ledger alone; null where that is not known, or none is left. */
export async function forecastRun(
  ledger: { readonly forecast: ForecastReader },
  runId: string,
  now: number,
): Promise<Forecast | null> {
  const awaited = await ledger.forecast.awaited(runId);
  if (awaited === null || awaited.batches.length === 0) return null;
  const past = await ledger.forecast.past(awaited.provider, awaited.model);
  return forecast(past, {
    maxTokens: awaited.maxTokens,
    batches: awaited.batches.map(({ requests, tokens, createdAt }) => ({
      requests,
      tokens,
      ageMs: createdAt === null ? null : Math.max(0, now - createdAt),
    })),
  });
}
