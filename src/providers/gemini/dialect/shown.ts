import type { Endpoint } from '../../../core/dialect.ts';
import { asMap, asMaps, asText, type JsonMap } from '../../../core/json.ts';
import type { RequestBlock } from '../../../core/request-block.ts';
import {
  mapAt,
  shownData,
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
      messages: [messageOf('input', body['content'])],
      schema: null,
      params: without(body, 'content'),
    };
  const system = asMap(body['systemInstruction']);
  const head = system === undefined ? [] : [messageOf('system', system)];
  const turns = asMaps(body['contents']).map((turn) => messageOf(asText(turn['role']) ?? 'user', turn));
  const schema = mapAt(body, 'generationConfig', 'responseJsonSchema');
  const config = without(asMap(body['generationConfig']) ?? {}, 'responseJsonSchema');
  return {
    messages: [...head, ...turns],
    schema,
    params: { ...without(body, 'systemInstruction', 'contents', 'generationConfig'), ...config },
  };
}

function messageOf(role: string, content: unknown): ShownMessage {
  return { role, parts: shownParts(asMap(content)?.['parts'], partOf) };
}

function partOf(part: JsonMap): ShownPart {
  const { data, mimeType } = asMap(part['inlineData']) ?? {};
  if (data !== undefined) return shownData(data, mimeType);
  return { name: asText(asMap(part['fileData'])?.['fileUri']) ?? 'part', bytes: null };
}

/** The body of a response that says so. */
export function answerBody({ model }: RequestBlock, answer: MadeUpAnswer): JsonMap {
  if ('vector' in answer) return { embedding: { values: answer.vector } };
  if ('refusal' in answer)
    return {
      promptFeedback: { blockReason: 'SAFETY', blockReasonMessage: answer.refusal },
      modelVersion: model,
    };
  const finishReason = answer.isCut === true ? 'MAX_TOKENS' : 'STOP';
  const content = { parts: [{ text: answer.text }], role: 'model' };
  return { candidates: [{ content, finishReason, index: 0 }], modelVersion: model };
}
