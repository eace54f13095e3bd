import type { ModelFacts, RequestDraft, TokenEncoding } from '../../../core/dialect.ts';
import { embeddingDimensions } from './dimensions.ts';

/** Tokens an input: https://platform.openai.com/docs/api-reference/embeddings/create */
const longestInput = 8192;

export function modelFacts({ endpoint, model, params }: RequestDraft): ModelFacts {
  const isEmbedding = endpoint === 'embeddings';
  const isOwn = typeof model === 'string' && model.startsWith('text-embedding-');
  return {
    dimensions: embeddingDimensions(model, params),
    encoding: isEmbedding ? 'cl100k_base' : 'o200k_base',
    ...ownEncodingOf(model),
    longestInput: isEmbedding && isOwn ? longestInput : null,
  };
}

/** Gateways put who makes a model before its name, and OpenAI what it was tuned from. */
const prefix = /^(?:openai\/|ft:)+/;

const encodings: readonly (readonly [RegExp, TokenEncoding])[] = [
  [/^(gpt-4o|chatgpt-4o|gpt-4\.\d|gpt-5|gpt-oss|o[134])(?![a-z0-9])/, 'o200k_base'],
  [/^(gpt-4|gpt-3\.5|text-embedding-)/, 'cl100k_base'],
];

/** Of models whose tokenizer OpenAI has published. */
function ownEncodingOf(model: unknown): Pick<ModelFacts, 'ownEncoding'> {
  if (typeof model !== 'string') return {};
  const name = model.replace(prefix, '');
  const found = encodings.find(([pattern]) => pattern.test(name));
  return found === undefined ? {} : { ownEncoding: found[1] };
}
