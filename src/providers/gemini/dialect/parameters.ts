import type { EmbedContentConfig, GenerateContentConfig } from '@google/genai';
import type { Endpoint, KnownParameters } from '../../../core/dialect.ts';
import { asMap, isMap, type JsonMap } from '../../../core/json.ts';

/** The parameters that every provider takes by OpenAI's names, and what they are called under `generationConfig`. */
const generation: Readonly<Record<string, keyof GenerateContentConfig>> = {
  max_tokens: 'maxOutputTokens',
  max_completion_tokens: 'maxOutputTokens',
  max_output_tokens: 'maxOutputTokens',
  temperature: 'temperature',
  top_p: 'topP',
  stop: 'stopSequences',
  seed: 'seed',
};

/** The same of embeddings, which have no such map. */
const embedding: Readonly<Record<string, keyof EmbedContentConfig>> = { dimensions: 'outputDimensionality' };

/** What parameters are sent as that go by OpenAI's names. */
export function ownWords(endpoint: Endpoint): Readonly<Record<string, string>> {
  return endpoint === 'embeddings' ? embedding : generation;
}

/** What `params` make of a chat's body beside what is asked. */
export function chatParams(params: JsonMap): JsonMap {
  const { generation_config: snake, ...rest } = params;
  const given = snake === undefined ? rest : mergeDeep({ generationConfig: snake }, rest);
  const [translated, others] = translate(given, generation);
  const { stopSequences } = translated;
  const config =
    typeof stopSequences === 'string' ? { ...translated, stopSequences: [stopSequences] } : translated;
  return mergeDeep(Object.keys(config).length === 0 ? {} : { generationConfig: config }, others);
}

export function embeddingParams(params: JsonMap): JsonMap {
  const [translated, others] = translate(params, embedding);
  return { ...translated, ...others };
}

function translate(params: JsonMap, words: Readonly<Record<string, string>>): readonly [JsonMap, JsonMap] {
  const translated: Record<string, unknown> = {};
  const others: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(params)) {
    const word = Object.hasOwn(words, name) ? words[name] : undefined;
    if (word === undefined) others[name] = value;
    else translated[word] = value;
  }
  return [translated, others];
}

/** Both maps in one; what stands in the second comes before what stands in the first. */
export function mergeDeep(first: JsonMap, second: JsonMap): JsonMap {
  const merged: Record<string, unknown> = { ...first };
  for (const [name, value] of Object.entries(second)) {
    const present = Object.hasOwn(merged, name) ? asMap(merged[name]) : undefined;
    merged[name] = present !== undefined && isMap(value) ? mergeDeep(present, value) : value;
  }
  return merged;
}

/** Keys of the body that the request block itself writes. */
export const writtenKeys: Readonly<Record<Endpoint, readonly string[]>> = {
  chat: ['contents', 'systemInstruction', 'system_instruction'],
  responses: [],
  embeddings: ['content'],
};

/** https://ai.google.dev/api/generate-content and .../embeddings, and OpenAI's names for some of it. */
const bodyKeys: Readonly<Record<Endpoint, readonly string[]>> = {
  chat: [
    ...Object.keys(generation),
    'cachedContent',
    'generationConfig',
    'safetySettings',
    'serviceTier',
    'store',
    'toolConfig',
    'tools',
  ],
  responses: [],
  embeddings: [...Object.keys(embedding), 'outputDimensionality', 'taskType', 'title'],
};

/** What belongs under `generationConfig`, or goes by another name. */
const meant: Readonly<Record<Endpoint, Readonly<Record<string, string>>>> = {
  chat: {
    ...Object.fromEntries(
      ['topK', 'topP', 'maxOutputTokens', 'stopSequences', 'candidateCount', 'thinkingConfig'].map((name) => [
        name,
        `generationConfig.${name}`,
      ]),
    ),
    top_k: 'generationConfig.topK',
    response_format: 'generationConfig.responseMimeType',
    reasoning_effort: 'generationConfig.thinkingConfig',
    tool_choice: 'toolConfig',
  },
  responses: {},
  embeddings: { dims: 'dimensions', size: 'dimensions' },
};

/** Google's servers refuse what they do not know; any name may be written with underscores. */
export function knownParameters(endpoint: Endpoint): KnownParameters {
  const names = bodyKeys[endpoint];
  return { names: [...names, ...names.map(underscored)], isEvery: true, meant: meant[endpoint] };
}

function underscored(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
