import { invalidType, missingParameter } from '../http/api-error.ts';
import { isMap, type JsonMap } from '../../core/json.ts';
import { Random } from '../random.ts';
import { answerDate } from './answer-date.ts';
import { servedTier } from './served-tier.ts';
import { answerText, type AnswerText } from './answer-text.ts';
import { readMessages } from './message-content.ts';
import { checkDecimal, checkInteger, modelOf } from './parameters.ts';
import { readPrompt, type PromptMessage } from './prompt.ts';
import { readTextFormat } from './response-format.ts';

const roles = ['user', 'assistant', 'system', 'developer'];

/** Answers a call of the Responses API. @throws ApiError 400 */
export function answerResponses(body: JsonMap): JsonMap {
  const model = modelOf(body, 'gpt-4o-mini');
  const messages = readInput(body);
  checkDecimal(body, 'temperature', 0, 2);
  checkDecimal(body, 'top_p', 0, 1);
  const format = readTextFormat(body['text']);
  const prompt = readPrompt(messages);
  const limit = checkInteger(body, 'max_output_tokens', 1, Infinity);
  const text = answerText(prompt, format, limit ?? Infinity);
  const random = new Random(prompt.hash);
  return {
    id: `resp_${random.hex(48)}`,
    object: 'response',
    created_at: answerDate,
    status: text.isCut ? 'incomplete' : 'completed',
    error: null,
    incomplete_details: text.isCut ? { reason: 'max_output_tokens' } : null,
    instructions: body['instructions'] ?? null,
    max_output_tokens: limit ?? null,
    model,
    output: [outputMessage(`msg_${random.hex(48)}`, text)],
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    service_tier: servedTier(body),
    store: body['store'] ?? true,
    temperature: body['temperature'] ?? 1,
    text: isMap(body['text']) ? body['text'] : { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: body['top_p'] ?? 1,
    truncation: 'disabled',
    usage: {
      input_tokens: prompt.tokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: text.tokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: prompt.tokens + text.tokens,
    },
    user: null,
    metadata: body['metadata'] ?? {},
  };
}

function outputMessage(id: string, { text, isCut }: AnswerText): JsonMap {
  return {
    id,
    type: 'message',
    status: isCut ? 'incomplete' : 'completed',
    role: 'assistant',
    content: [{ type: 'output_text', annotations: [], logprobs: [], text }],
  };
}

function readInput(body: JsonMap): PromptMessage[] {
  const { input, instructions } = body;
  if (input === undefined) throw missingParameter('input');
  const messages =
    typeof input === 'string' ? [{ role: 'user', text: input }] : readMessages(input, 'input', roles);
  if (instructions === undefined || instructions === null) return messages;
  if (typeof instructions !== 'string') throw invalidType('instructions', 'a string', instructions);
  return [{ role: 'system', text: instructions }, ...messages];
}
