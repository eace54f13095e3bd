import type { Endpoint } from '../../../core/dialect.ts';
import { asMap, asMaps, asText, type JsonMap } from '../../../core/json.ts';
import type { RequestBlock } from '../../../core/request-block.ts';
import {
  mapAt,
  shownData,
  shownParts,
  without,
  type MadeUpAnswer,
  type ShownPart,
  type ShownRequest,
} from '../../../core/shown-request.ts';

export function shown(_endpoint: Endpoint, body: JsonMap): ShownRequest {
  const { system, messages } = body;
  const head = system === undefined ? [] : [{ role: 'system', parts: shownParts(system, partOf) }];
  const turns = asMaps(messages).map(({ role, content }) => ({
    role: String(role),
    parts: shownParts(content, partOf),
  }));
  const schema = mapAt(body, 'output_config', 'format', 'schema');
  const params = without(body, 'model', 'system', 'messages');
  return { messages: [...head, ...turns], schema, params: schema === null ? params : withoutFormat(params) };
}

function withoutFormat(params: JsonMap): JsonMap {
  const config = without(asMap(params['output_config']) ?? {}, 'format');
  const rest = without(params, 'output_config');
  return Object.keys(config).length === 0 ? rest : { ...rest, output_config: config };
}

function partOf(part: JsonMap): ShownPart {
  const source = asMap(part['source']) ?? {};
  const url = asText(source['url']);
  if (url !== null) return { name: url, bytes: null };
  return shownData(source['data'] ?? '', source['media_type'] ?? part['type']);
}

/** The body of a response that says so. */
export function answerBody({ model }: RequestBlock, answer: MadeUpAnswer): JsonMap {
  const common = { type: 'message', role: 'assistant', model, stop_sequence: null };
  if ('refusal' in answer)
    return {
      ...common,
      content: [],
      stop_reason: 'refusal',
      stop_details: { explanation: answer.refusal },
    };
  const text = 'text' in answer ? answer.text : JSON.stringify(answer.vector);
  const isCut = 'text' in answer && answer.isCut === true;
  return { ...common, content: [{ type: 'text', text }], stop_reason: isCut ? 'max_tokens' : 'end_turn' };
}
