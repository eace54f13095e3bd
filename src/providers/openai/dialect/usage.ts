import { type Billing, noUsage, type Usage, usualBilling } from '../../../core/batch-result.ts';
import { asCount, asMap, asText, type JsonMap } from '../../../core/json.ts';
import { tiers } from './tiers.ts';

/** The token counts of a response body, under the names of either API. */
export function readUsage(value: unknown): Usage {
  const usage = asMap(value);
  if (usage === undefined) return noUsage;
  const details = promptDetails(usage);
  return {
    input_tokens: asCount(usage['prompt_tokens'] ?? usage['input_tokens']),
    output_tokens: asCount(usage['completion_tokens'] ?? usage['output_tokens']),
    total_tokens: asCount(usage['total_tokens']),
    cached_tokens: asCount(details?.['cached_tokens']),
  };
}

/** What a response is billed by. */
export function readBilling(body: JsonMap): Billing {
  const tier = servedTier(body);
  const usage = asMap(body['usage']);
  const cacheWrite = asCount((usage && promptDetails(usage))?.['cache_write_tokens']) ?? 0;
  return tier === null && cacheWrite === 0 ? usualBilling : { tier, cacheWrite, cacheWriteBriefly: 0 };
}

/** Requests within a window are of the default tier, and cost less: only whoever asked knows within which. */
function servedTier(body: JsonMap): string | null {
  return body['background'] === true ? null : asText(body[tiers.parameter]);
}

function promptDetails(usage: JsonMap): JsonMap | undefined {
  return asMap(usage['prompt_tokens_details'] ?? usage['input_tokens_details']);
}
