import type { JsonMap } from '../../core/json.ts';
import { answerText, type AnswerText } from '../answers/answer-text.ts';
import type { KnownModels } from '../answers/known-models.ts';
import { readPrompt, tokensOfBytes, type Prompt } from '../answers/prompt.ts';
import { ApiError } from '../http/api-error.ts';
import { Random } from '../random.ts';
import { readMessageRequest } from './read-message-request.ts';

/** What Anthropic serves, as far as names tell. */
const served = [/^claude-(?:opus|sonnet|haiku|instant|mythos|fable|\d)/];

export const listedModels: readonly string[] = [
  'claude-opus-4-5',
  'claude-sonnet-5',
  'claude-sonnet-4-6',
  'claude-sonnet-4-5',
  'claude-haiku-4-5',
];

/** @throws ApiError 404 as Anthropic refuses a model that it does not have */
export function requireModel(model: string, models: KnownModels): void {
  if (!models.has(model, served)) throw new ApiError(404, `model: ${model}`);
}

/**
 * Answers a Messages call: like every answer a pure function of the body, and of its prompt the same as OpenAI's.
 *
 * @throws ApiError 400, 404
 */
export function answerMessage(body: JsonMap, models: KnownModels): JsonMap {
  const { model, messages, format, mostTokens, cachedBytes } = readMessageRequest(body);
  requireModel(model, models);
  const prompt = readPrompt(messages);
  const answer = answerText(prompt, format, mostTokens);
  return {
    id: `msg_${new Random(prompt.hash).hex(24)}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [{ type: 'text', text: answer.text, citations: null }],
    stop_reason: answer.isCut ? 'max_tokens' : 'end_turn',
    stop_sequence: null,
    stop_details: null,
    container: null,
    usage: usage(prompt, answer, tokensOfBytes(cachedBytes)),
  };
}

/** What is shorter than this is not cached, whatever is asked. */
const leastCachedTokens = 1024;

/** Nothing is remembered of other requests: one prompt in eight writes the cache, the others read it. */
function usage(prompt: Prompt, answer: AnswerText, marked: number): JsonMap {
  const cached = marked < leastCachedTokens ? 0 : marked;
  const written = prompt.hash % 8 === 0 ? cached : 0;
  return {
    input_tokens: prompt.tokens - cached,
    cache_creation_input_tokens: written,
    cache_read_input_tokens: cached - written,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: written },
    output_tokens: answer.tokens,
    service_tier: 'standard',
  };
}
