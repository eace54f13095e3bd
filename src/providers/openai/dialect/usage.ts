import { noUsage, type Usage } from '../../../core/batch-result.ts';
import { asCount, asMap } from '../../../core/json.ts';

/** The token counts of a response body, under the names of either API. */
export function readUsage(value: unknown): Usage {
  const usage = asMap(value);
  if (usage === undefined) return noUsage;
  const details = asMap(usage['prompt_tokens_details'] ?? usage['input_tokens_details']);
  return {
    input_tokens: asCount(usage['prompt_tokens'] ?? usage['input_tokens']),
    output_tokens: asCount(usage['completion_tokens'] ?? usage['output_tokens']),
    total_tokens: asCount(usage['total_tokens']),
    cached_tokens: asCount(details?.['cached_tokens']),
  };
}
