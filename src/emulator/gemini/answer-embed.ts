import { isMap, type JsonMap } from '../../core/json.ts';
import { embedText } from '../answers/embed-text.ts';
import { invalid } from './errors.ts';
import { mapField, namesOf, numberField, refuseUnknown } from './fields.ts';
import { contentText, tokensOf } from './read-content.ts';

const known = namesOf('content', 'model', 'taskType', 'title', 'outputDimensionality', 'embedContentConfig');
const mostDimensions = 3072;
const mostTokens = 2048;

/** Embeds the content of a request: the same vector that OpenAI has of the text. @throws ApiError 400 */
export function answerEmbed(body: JsonMap, model: string): JsonMap {
  refuseUnknown(body, known, '');
  const content = mapField(body, 'content');
  if (!isMap(content)) throw invalid('* EmbedContentRequest.content: content is required.');
  const text = contentText(content, 'EmbedContentRequest.content');
  if (text === '') throw invalid('* EmbedContentRequest.content: contains an empty Part.');
  const tokens = tokensOf(text);
  if (tokens > mostTokens)
    throw invalid(
      `The input token count (${tokens}) exceeds the maximum number of tokens allowed (${mostTokens}).`,
    );
  const config = mapField(body, 'embedContentConfig') ?? body;
  const standard = model.startsWith('gemini-') ? mostDimensions : 768;
  const dimensions = numberField(config, 'outputDimensionality', 1, mostDimensions) ?? standard;
  return { embedding: { values: Array.from(embedText(text, dimensions)) }, tokenCount: String(tokens) };
}
