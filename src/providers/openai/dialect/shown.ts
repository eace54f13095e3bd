import type { Endpoint } from '../../../core/dialect.ts';
import { asMap, asMaps, asText, type JsonMap } from '../../../core/json.ts';
import type { RequestBlock } from '../../../core/request-block.ts';
import {
  mapAt,
  shownAddress,
  shownParts,
  without,
  type MadeUpAnswer,
  type ShownMessage,
  type ShownPart,
  type ShownRequest,
} from '../../../core/shown-request.ts';

export function shown(endpoint: Endpoint, body: JsonMap): ShownRequest {
  if (endpoint === 'embeddings')
    return {
      messages: [{ role: 'input', parts: shownParts(body['input'], partOf) }],
      schema: null,
      params: without(body, 'input', 'model'),
    };
  const messages = endpoint === 'chat' ? messagesOf(body['messages']) : turnsOf(body);
  const schema =
    endpoint === 'chat'
      ? mapAt(body, 'response_format', 'json_schema', 'schema')
      : mapAt(body, 'text', 'format', 'schema');
  const format = endpoint === 'chat' ? 'response_format' : 'text';
  const params = without(body, 'model', 'messages', 'instructions', 'input');
  return { messages, schema, params: schema === null ? params : without(params, format) };
}

function messagesOf(messages: unknown): readonly ShownMessage[] {
  return asMaps(messages).map(({ role, content }) => ({
    role: asText(role) ?? 'user',
    parts: shownParts(content, partOf),
  }));
}

/** Of Responses. */
function turnsOf({ instructions, input }: JsonMap): readonly ShownMessage[] {
  const system =
    typeof instructions === 'string' ? [{ role: 'system', parts: [{ text: instructions }] }] : [];
  const turns = typeof input === 'string' ? [{ role: 'user', parts: [{ text: input }] }] : messagesOf(input);
  return [...system, ...turns];
}

function partOf(part: JsonMap): ShownPart {
  const file = asMap(part['file']) ?? part;
  if (file['file_data'] !== undefined) return shownAddress(file['file_data'], file['filename']);
  const image = part['image_url'];
  return shownAddress(asMap(image)?.['url'] ?? image ?? part['type']);
}

/** The body of a response that says so. */
export function answerBody({ endpoint, model }: RequestBlock, answer: MadeUpAnswer): JsonMap {
  if ('vector' in answer)
    return { object: 'list', model, data: [{ object: 'embedding', index: 0, embedding: answer.vector }] };
  const isCut = 'text' in answer && answer.isCut === true;
  if (endpoint === 'responses') {
    const part =
      'refusal' in answer
        ? { type: 'refusal', refusal: answer.refusal }
        : { type: 'output_text', text: answer.text, annotations: [] };
    return {
      object: 'response',
      model,
      status: isCut ? 'incomplete' : 'completed',
      incomplete_details: isCut ? { reason: 'max_output_tokens' } : null,
      output: [{ type: 'message', role: 'assistant', content: [part] }],
    };
  }
  const said =
    'refusal' in answer
      ? { content: null, refusal: answer.refusal }
      : { content: answer.text, refusal: null };
  const choice = {
    index: 0,
    message: { role: 'assistant', ...said },
    finish_reason: isCut ? 'length' : 'stop',
  };
  return { object: 'chat.completion', model, choices: [choice] };
}
