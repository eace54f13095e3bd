import type { JsonMap } from '../../core/json.ts';
import { answerText } from '../answers/answer-text.ts';
import { readPrompt } from '../answers/prompt.ts';
import { Random } from '../random.ts';
import { readGenerateRequest } from './read-generate-request.ts';

/**
 * Answers a generateContent call: a pure function of the body, and of its prompt the same as OpenAI's.
 *
 * @throws ApiError 400
 */
export function answerGenerate(body: JsonMap, model: string): JsonMap {
  const { messages, format, mostTokens } = readGenerateRequest(body);
  const prompt = readPrompt(messages);
  const { text, tokens, isCut } = answerText(prompt, format, mostTokens);
  return {
    candidates: [
      {
        content: { parts: [{ text }], role: 'model' },
        finishReason: isCut ? 'MAX_TOKENS' : 'STOP',
        index: 0,
      },
    ],
    usageMetadata: {
      promptTokenCount: prompt.tokens,
      candidatesTokenCount: tokens,
      totalTokenCount: prompt.tokens + tokens,
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: prompt.tokens }],
      ...(body['serviceTier'] === undefined ? {} : { serviceTier: body['serviceTier'] }),
    },
    modelVersion: model,
    responseId: new Random(prompt.hash).hex(22),
  };
}
