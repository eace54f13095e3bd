import { isMap, type JsonMap } from '../../core/json.ts';
import type { AnswerFormat } from '../answers/answer-text.ts';
import type { PromptMessage } from '../answers/prompt.ts';
import { invalid } from './errors.ts';
import { field, mapField, namesOf, numberField, refuseUnknown } from './fields.ts';
import { jsonSchemaOf } from './open-api-schema.ts';
import { contentText } from './read-content.ts';

/** What of a request the answer is made from. */
export interface GenerateRequest {
  readonly messages: readonly PromptMessage[];
  readonly format: AnswerFormat;
  readonly mostTokens: number;
}

const requestFields = namesOf(
  'contents',
  'systemInstruction',
  'generationConfig',
  'safetySettings',
  'tools',
  'toolConfig',
  'cachedContent',
  'labels',
  'model',
  'serviceTier',
  'store',
);
const configFields = namesOf(
  'candidateCount',
  'stopSequences',
  'responseMimeType',
  'responseSchema',
  'responseJsonSchema',
  'responseModalities',
  'maxOutputTokens',
  'temperature',
  'topP',
  'topK',
  'seed',
  'presencePenalty',
  'frequencyPenalty',
  'responseLogprobs',
  'logprobs',
  'enableEnhancedCivicAnswers',
  'speechConfig',
  'thinkingConfig',
  'mediaResolution',
  'imageConfig',
);

/** Reads the body of a generateContent call. @throws ApiError 400 */
export function readGenerateRequest(body: JsonMap): GenerateRequest {
  refuseUnknown(body, requestFields, '');
  const config = mapField(body, 'generationConfig') ?? {};
  refuseUnknown(config, configFields, 'generation_config');
  numberField(config, 'temperature', 0, 2);
  numberField(config, 'topP', 0, 1);
  const mostTokens = numberField(config, 'maxOutputTokens', 1, Infinity) ?? Infinity;
  const system = mapField(body, 'systemInstruction');
  const messages = readContents(body['contents']);
  if (system !== undefined) {
    const text = contentText(system, 'GenerateContentRequest.system_instruction');
    messages.unshift({ role: 'system', text });
  }
  return { messages, format: readFormat(config), mostTokens };
}

function readContents(contents: unknown): PromptMessage[] {
  const path = 'GenerateContentRequest.contents';
  if (!Array.isArray(contents) || contents.length === 0)
    throw invalid(`* ${path}: contents is not specified`);
  return contents.map((content: unknown, index) => {
    if (!isMap(content)) throw invalid(`* ${path}[${index}]: must be an object.`);
    const role = content['role'] ?? 'user';
    if (role !== 'user' && role !== 'model' && role !== 'function')
      throw invalid('Please use a valid role: user, model.');
    return { role: role === 'model' ? 'assistant' : role, text: contentText(content, `${path}[${index}]`) };
  });
}

function readFormat(config: JsonMap): AnswerFormat {
  const type = field(config, 'responseMimeType') ?? 'text/plain';
  const schema = mapField(config, 'responseJsonSchema');
  const openApi = mapField(config, 'responseSchema');
  if (type !== 'application/json') {
    if (type !== 'text/plain')
      throw invalid(
        '* GenerateContentRequest.generation_config.response_mime_type: allowed mimetypes are `text/plain` and `application/json`.',
      );
    if (schema === undefined && openApi === undefined) return { type: 'text' };
    throw invalid(
      "* GenerateContentRequest.generation_config.response_schema: only allowed with the response_mime_type 'application/json'.",
    );
  }
  if (schema !== undefined && openApi !== undefined)
    throw invalid('Only one of response_schema and response_json_schema may be set.');
  if (schema !== undefined) return { type: 'json_schema', schema };
  if (openApi !== undefined) return { type: 'json_schema', schema: jsonSchemaOf(openApi) };
  return { type: 'json_object' };
}
