import { badRequest } from '../http/api-error.ts';
import type { JsonMap } from '../../core/json.ts';
import { answerText, type AnswerText } from './answer-text.ts';
import { readMessages } from './message-content.ts';
import { checkDecimal, checkInteger, modelOf } from './parameters.ts';
import { readPrompt, type PromptMessage } from './prompt.ts';
import { Random } from '../random.ts';
import { readResponseFormat } from './response-format.ts';
import { servedTier } from './served-tier.ts';
import { answerDate } from './answer-date.ts';

const roles = ['system', 'developer', 'user', 'assistant', 'tool', 'function'];

/** Answers a chat completion. @throws ApiError 400 */
export function answerChat(body: JsonMap): JsonMap {
  const model = modelOf(body, 'gpt-4o-mini');
  const messages = readMessages(body['messages'], 'messages', roles);
  const choices = checkParameters(body);
  const format = readResponseFormat(body['response_format']);
  if (format.type === 'json_object') requireWordJson(messages);
  const prompt = readPrompt(messages);
  const text = answerText(prompt, format, mostTokens(body));
  const completion = text.tokens * choices;
  return {
    id: `chatcmpl-${new Random(prompt.hash).hex(29)}`,
    object: 'chat.completion',
    created: answerDate,
    model,
    choices: Array.from({ length: choices }, (_, index) => choice(index, text)),
    usage: {
      prompt_tokens: prompt.tokens,
      completion_tokens: completion,
      total_tokens: prompt.tokens + completion,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: 0,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    },
    service_tier: servedTier(body),
    system_fingerprint: 'fp_emulator',
  };
}

function choice(index: number, { text, isCut }: AnswerText): JsonMap {
  return {
    index,
    message: { role: 'assistant', content: text, refusal: null, annotations: [] },
    logprobs: null,
    finish_reason: isCut ? 'length' : 'stop',
  };
}

/** @returns how many choices are asked for */
function checkParameters(body: JsonMap): number {
  checkDecimal(body, 'temperature', 0, 2);
  checkDecimal(body, 'top_p', 0, 1);
  checkDecimal(body, 'presence_penalty', -2, 2);
  checkDecimal(body, 'frequency_penalty', -2, 2);
  return checkInteger(body, 'n', 1, 128) ?? 1;
}

function mostTokens(body: JsonMap): number {
  const both = ['max_tokens', 'max_completion_tokens'].map((name) => checkInteger(body, name, 1, Infinity));
  return Math.min(...both.map((limit) => limit ?? Infinity));
}

function requireWordJson(messages: readonly PromptMessage[]): void {
  if (messages.some((message) => /json/i.test(message.text))) return;
  const message =
    "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.";
  throw badRequest(message, 'messages', null);
}
