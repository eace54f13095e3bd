import type { BlockedReason, FinishReason } from '@google/genai';
import { usualBilling } from '../../../core/batch-result.ts';
import type { Endpoint, Reply } from '../../../core/dialect.ts';
import { asList, asMap, asMaps, asText, type JsonMap } from '../../../core/json.ts';
import { tierWord } from './tiers.ts';
import { readUsage } from './usage.ts';

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

export function readReply(endpoint: Endpoint, body: JsonMap): Reply {
  const said = endpoint === 'embeddings' ? embeddingReply(body) : chatReply(body);
  const tier = tierWord(asText(asMap(body['usageMetadata'])?.['serviceTier']));
  return {
    ...said,
    model: asText(body['modelVersion']),
    usage: readUsage(body),
    billing: { ...usualBilling, tier },
  };
}

function chatReply(body: JsonMap): Said {
  const candidate = asMap(asList(body['candidates'])[0]);
  if (candidate === undefined) return blockedPrompt(asMap(body['promptFeedback']));
  const parts = asMaps(asMap(candidate['content'])?.['parts']);
  const hasCalls = parts.some((part) => asMap(part['functionCall']) !== undefined);
  const finish = evenedFinish(asText(candidate['finishReason']));
  return {
    ...nothing,
    text: visibleText(parts),
    finishReason: hasCalls && finish === 'stop' ? 'tool_calls' : finish,
    isEmpty: false,
    hasCalls,
  };
}

/** What the model thought before it answered is no part of its answer. */
function visibleText(parts: readonly JsonMap[]): string | null {
  const shown = parts.filter((part) => part['thought'] !== true);
  const texts = shown.map((part) => part['text']).filter((text) => typeof text === 'string');
  return texts.length === 0 ? null : texts.join('');
}

const noReason: `${BlockedReason}` = 'BLOCKED_REASON_UNSPECIFIED';

/** A prompt that was not even shown to the model has no candidates. */
function blockedPrompt(feedback: JsonMap | undefined): Said {
  const reason = asText(feedback?.['blockReason']);
  if (reason === null || reason === noReason) return nothing;
  const message = asText(feedback?.['blockReasonMessage']);
  const refusal = `The prompt was blocked (${reason})${message === null ? '.' : `: ${message}`}`;
  return { ...nothing, refusal, finishReason: 'content_filter', isEmpty: false };
}

/** What other providers have the same words for; null says nothing. */
const finishWords: Readonly<Partial<Record<`${FinishReason}`, string | null>>> = {
  FINISH_REASON_UNSPECIFIED: null,
  MAX_TOKENS: 'length',
  SAFETY: 'content_filter',
  RECITATION: 'content_filter',
  BLOCKLIST: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SPII: 'content_filter',
  IMAGE_SAFETY: 'content_filter',
  IMAGE_PROHIBITED_CONTENT: 'content_filter',
  IMAGE_RECITATION: 'content_filter',
};

function evenedFinish(word: string | null): string | null {
  if (word === null) return null;
  const known = finishWords[word.toUpperCase() as `${FinishReason}`];
  return known === undefined ? word.toLowerCase() : known;
}

/** One request's embedding stands alone, or as the first of a list. */
function embeddingReply(body: JsonMap): Said {
  const embedding = asMap(body['embedding']) ?? asMap(asList(body['embeddings'])[0]);
  const vector = embedding?.['values'];
  return vector === undefined || vector === null ? nothing : { ...nothing, vector, isEmpty: false };
}
