import type { Endpoint, Reply } from '../../../core/dialect.ts';
import { asList, asMap, asText, type JsonMap } from '../../../core/json.ts';
import { readUsage } from './usage.ts';

/** What the model said; the rest of a reply reads the same whatever was asked for. */
type Said = Omit<Reply, 'model' | 'usage'>;

const nothing: Said = { text: null, refusal: null, finishReason: null, vector: null, isEmpty: true };

const readers: Readonly<Record<Endpoint, (body: JsonMap) => Said>> = {
  chat: chatReply,
  responses: responseReply,
  embeddings: embeddingReply,
};

export function readReply(endpoint: Endpoint, body: JsonMap): Reply {
  const { text, refusal, finishReason, vector, isEmpty } = readers[endpoint](body);
  const model = asText(body['model']);
  return { text, refusal, finishReason, vector, isEmpty, model, usage: readUsage(body['usage']) };
}

function chatReply(body: JsonMap): Said {
  const choice = asMap(asList(body['choices'])[0]);
  if (choice === undefined) return nothing;
  const message = asMap(choice['message']);
  const content = message?.['content'];
  return {
    text: typeof content === 'string' ? content : joinParts(asList(content)),
    refusal: asText(message?.['refusal']),
    finishReason: asText(choice['finish_reason']),
    vector: null,
    isEmpty: false,
  };
}

/** Some servers send the content as a list of parts, as requests may. */
function joinParts(parts: readonly unknown[]): string | null {
  const texts = parts.map((part) => asMap(part)?.['text']).filter((text) => typeof text === 'string');
  return texts.length === 0 ? null : texts.join('');
}

function responseReply(body: JsonMap): Said {
  const messages = asList(body['output']).filter((item) => asMap(item)?.['type'] === 'message');
  const parts = messages.flatMap((item) => asList(asMap(item)?.['content'])).map(asMap);
  const finishReason = responseFinish(body);
  if (parts.length === 0 && finishReason === 'stop') return nothing;
  const texts = parts.filter((part) => part?.['type'] === 'output_text').map((part) => part?.['text']);
  const refusal = parts.find((part) => part?.['type'] === 'refusal');
  return {
    text: joinTexts(texts),
    refusal: refusal === undefined ? null : (asText(refusal['refusal']) ?? 'refused'),
    finishReason,
    vector: null,
    isEmpty: false,
  };
}

function joinTexts(texts: readonly unknown[]): string | null {
  const strings = texts.filter((text) => typeof text === 'string');
  return strings.length === 0 ? null : strings.join('');
}

function responseFinish(body: JsonMap): string | null {
  const reason = asText(asMap(body['incomplete_details'])?.['reason']);
  if (reason === 'max_output_tokens') return 'length';
  if (reason !== null) return reason;
  return body['status'] === 'completed' ? 'stop' : asText(body['status']);
}

function embeddingReply(body: JsonMap): Said {
  const item = asMap(asList(body['data'])[0]);
  const vector = item?.['embedding'];
  if (vector === undefined || vector === null) return nothing;
  return { text: null, refusal: null, finishReason: null, vector, isEmpty: false };
}
