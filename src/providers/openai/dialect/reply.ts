import type { Endpoint, Reply } from '../../../core/dialect.ts';
import { asList, asMap, asText, type JsonMap } from '../../../core/json.ts';
import { readBilling, readUsage } from './usage.ts';

/** What the model said; the rest of a reply reads the same whatever was asked for. */
type Said = Omit<Reply, 'model' | 'usage' | 'billing'>;

const nothing: Said = {
  text: null,
  refusal: null,
  finishReason: null,
  vector: null,
  isEmpty: true,
  hasCalls: false,
};

const readers: Readonly<Record<Endpoint, (body: JsonMap) => Said>> = {
  chat: chatReply,
  responses: responseReply,
  embeddings: embeddingReply,
};

export function readReply(endpoint: Endpoint, body: JsonMap): Reply {
  const { text, refusal, finishReason, vector, isEmpty, hasCalls } = readers[endpoint](body);
  const model = asText(body['model']);
  const usage = readUsage(body['usage']);
  const billing = readBilling(body);
  return { text, refusal, finishReason, vector, isEmpty, hasCalls, model, usage, billing };
}

function chatReply(body: JsonMap): Said {
  const choice = asMap(asList(body['choices'])[0]);
  if (choice === undefined) return nothing;
  const message = asMap(choice['message']);
  const content = message?.['content'];
  return {
    text: typeof content === 'string' ? content : joinParts(asList(content)),
    refusal: asText(message?.['refusal']),
    finishReason: evenedFinish(asText(choice['finish_reason'])),
    vector: null,
    isEmpty: false,
    hasCalls: asList(message?.['tool_calls']).length > 0 || asMap(message?.['function_call']) !== undefined,
  };
}

/** Servers' own words for how an answer ended. Where its making was broken off, the provider is to blame. */
const finishWords: ReadonlyMap<string, string> = new Map([
  ...['max_tokens', 'max_output_tokens', 'model_length', 'incomplete'].map(
    (word) => [word, 'length'] as const,
  ),
  ...['content-filter', 'safety'].map((word) => [word, 'content_filter'] as const),
  ...['failed', 'abort', 'cancelled', 'expired', 'queued', 'in_progress'].map(
    (word) => [word, 'error'] as const,
  ),
  ['completed', 'stop'],
]);

function evenedFinish(word: string | null): string | null {
  return word === null ? null : (finishWords.get(word.toLowerCase()) ?? word);
}

/** Some servers send the content as a list of parts, as requests may. */
function joinParts(parts: readonly unknown[]): string | null {
  const texts = parts.map((part) => asMap(part)?.['text']).filter((text) => typeof text === 'string');
  return texts.length === 0 ? null : texts.join('');
}

function responseReply(body: JsonMap): Said {
  const output = asList(body['output']).map(asMap);
  const messages = output.filter((item) => item?.['type'] === 'message');
  const parts = messages.flatMap((item) => asList(item?.['content'])).map(asMap);
  const finishReason = responseFinish(body);
  const texts = parts.filter((part) => part?.['type'] === 'output_text').map((part) => part?.['text']);
  const refusal = parts.find((part) => part?.['type'] === 'refusal');
  return {
    text: joinTexts(texts),
    refusal: refusal === undefined ? null : (asText(refusal['refusal']) ?? 'refused'),
    finishReason,
    vector: null,
    isEmpty: output.length === 0,
    hasCalls: output.some((item) => isCall(item?.['type'])),
  };
}

/** Of a function or of a tool of one's own, which somebody else is to carry out; the provider's tools end in a message. */
function isCall(type: unknown): boolean {
  return type === 'function_call' || type === 'custom_tool_call';
}

function joinTexts(texts: readonly unknown[]): string | null {
  const strings = texts.filter((text) => typeof text === 'string');
  return strings.length === 0 ? null : strings.join('');
}

function responseFinish(body: JsonMap): string | null {
  const reason = asText(asMap(body['incomplete_details'])?.['reason']);
  return evenedFinish(reason ?? asText(body['status']));
}

function embeddingReply(body: JsonMap): Said {
  const item = asMap(asList(body['data'])[0]);
  const vector = item?.['embedding'];
  if (vector === undefined || vector === null) return nothing;
  return { text: null, refusal: null, finishReason: null, vector, isEmpty: false, hasCalls: false };
}
