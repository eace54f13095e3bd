import type { AnswerLeaf, LeafMeanings } from '../../../core/dialect.ts';
import { asMap, type JsonMap } from '../../../core/json.ts';

/** What the leaves of a result line mean that holds a successful chat completion. */
export const chatLeaves: LeafMeanings = {
  constantKeys: new Set([
    'status_code',
    'index',
    'object',
    'role',
    'type',
    'finish_reason',
    'model',
    'service_tier',
    'system_fingerprint',
  ]),
  decisive:
    /^(error|response\.body\.error|response\.body\.choices\.0\.message\.(refusal|tool_calls|function_call))(\.|$)/,
  partsOf,
};

const body = 'response.body.';

/** Null where the counts are not plain numbers. */
function partsOf(line: JsonMap): ReadonlyMap<string, AnswerLeaf> | null {
  const usage = asMap(asMap(asMap(line['response'])?.['body'])?.['usage']);
  const parts = new Map<string, AnswerLeaf>([
    ['custom_id', 'customId'],
    ['response.request_id', 'requestId'],
    [`${body}choices.0.message.content`, 'content'],
  ]);
  if (usage === undefined) return parts;
  const details = usage['prompt_tokens_details'] == null ? 'input_tokens_details' : 'prompt_tokens_details';
  const counts: readonly (readonly [AnswerLeaf, readonly string[], JsonMap | undefined, string])[] = [
    ['inputTokens', ['prompt_tokens', 'input_tokens'], usage, ''],
    ['outputTokens', ['completion_tokens', 'output_tokens'], usage, ''],
    ['totalTokens', ['total_tokens'], usage, ''],
    ['cachedTokens', ['cached_tokens'], asMap(usage[details]), `${details}.`],
    ['cacheWriteTokens', ['cache_write_tokens'], asMap(usage[details]), `${details}.`],
  ];
  for (const [part, names, owner, prefix] of counts) {
    const given = names.filter((name) => owner?.[name] !== undefined && owner[name] !== null);
    const [name] = given;
    if (name === undefined) continue;
    if (given.length > 1 || typeof owner?.[name] !== 'number') return null;
    parts.set(`${body}usage.${prefix}${name}`, part);
  }
  return parts;
}
