import { noUsage, type Usage } from '../../../core/batch-result.ts';
import { asMap, type JsonMap } from '../../../core/json.ts';
import { countOf } from './count.ts';

/** The token counts of a response. What was read from a cache is part of the prompt; thoughts are paid as output. */
export function readUsage(body: JsonMap): Usage {
  const usage = asMap(body['usageMetadata']);
  if (usage === undefined) return embeddingUsage(body);
  return {
    input_tokens: sum(usage['promptTokenCount'], usage['toolUsePromptTokenCount']),
    output_tokens: sum(usage['candidatesTokenCount'], usage['thoughtsTokenCount']),
    total_tokens: countOf(usage['totalTokenCount']) ?? countOf(usage['promptTokenCount']),
    cached_tokens: countOf(usage['cachedContentTokenCount']),
  };
}

/** An embedding of a batch may say in one number what it took. */
function embeddingUsage({ tokenCount }: JsonMap): Usage {
  const tokens = countOf(tokenCount);
  return tokens === null ? noUsage : { ...noUsage, input_tokens: tokens, total_tokens: tokens };
}

function sum(...values: readonly unknown[]): number | null {
  const counts = values.map(countOf).filter((count) => count !== null);
  return counts.length === 0 ? null : counts.reduce((total, count) => total + count, 0);
}
