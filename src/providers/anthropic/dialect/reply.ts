import { type Billing, noUsage, type Usage } from '../../../core/batch-result.ts';
import type { Endpoint, Reply } from '../../../core/dialect.ts';
import { asCount, asMap, asMaps, asText, type JsonMap } from '../../../core/json.ts';

/** How an answer ended, in the words that are the same at every provider. */
const finishWords: ReadonlyMap<string, string> = new Map([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_use', 'tool_calls'],
]);

/** What the model said: its visible text, without what it thought. */
export function readReply(_endpoint: Endpoint, body: JsonMap): Reply {
  const blocks = asMaps(body['content']);
  const texts = blocks.filter(({ type }) => type === 'text').map(({ text }) => text);
  const said = texts.filter((text) => typeof text === 'string');
  const reason = asText(body['stop_reason'])?.toLowerCase() ?? null;
  return {
    text: said.length === 0 ? null : said.join(''),
    refusal: reason === 'refusal' ? refusalOf(body, said.join('')) : null,
    finishReason: reason === null ? null : (finishWords.get(reason) ?? reason),
    vector: null,
    isEmpty: blocks.length === 0,
    hasCalls: blocks.some(({ type }) => type === 'tool_use'),
    model: asText(body['model']),
    usage: readUsage(body['usage']),
    billing: readBilling(asMap(body['usage'])),
  };
}

function refusalOf(body: JsonMap, said: string): string {
  const { explanation, category } = asMap(body['stop_details']) ?? {};
  const why = asText(explanation) ?? asText(said);
  if (why !== null) return why;
  const kind = asText(category);
  return kind === null ? 'The model refused to answer.' : `The model refused to answer (${kind}).`;
}

/** The prompt's tokens are told in three counts: read from the cache, written to it, and neither. */
function readUsage(value: unknown): Usage {
  const usage = asMap(value);
  if (usage === undefined) return noUsage;
  const fresh = asCount(usage['input_tokens']);
  const read = asCount(usage['cache_read_input_tokens']);
  const written = asCount(usage['cache_creation_input_tokens']);
  const output = asCount(usage['output_tokens']);
  const input = fresh === null ? null : fresh + (read ?? 0) + (written ?? 0);
  return {
    input_tokens: input,
    output_tokens: output,
    total_tokens: input === null || output === null ? null : input + output,
    cached_tokens: read,
  };
}

/** Our own requests write for an hour; a block of the user's own may write for five minutes. */
function readBilling(usage: JsonMap | undefined): Billing {
  const kinds = asMap(usage?.['cache_creation']);
  return {
    tier: asText(usage?.['service_tier']),
    cacheWrite: asCount(usage?.['cache_creation_input_tokens']) ?? 0,
    cacheWriteBriefly: asCount(kinds?.['ephemeral_5m_input_tokens']) ?? 0,
  };
}
