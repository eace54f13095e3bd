import type { ModelFacts, RequestDraft } from '../../../core/dialect.ts';
import { embeddingDimensions } from './dimensions.ts';

/** Tokens an input: https://platform.openai.com/docs/api-reference/embeddings/create */
const longestInput = 8192;

export function modelFacts({ endpoint, model, params }: RequestDraft): ModelFacts {
  const isEmbedding = endpoint === 'embeddings';
  const isOwn = typeof model === 'string' && model.startsWith('text-embedding-');
  return {
    dimensions: embeddingDimensions(model, params),
    encoding: isEmbedding ? 'cl100k_base' : 'o200k_base',
    longestInput: isEmbedding && isOwn ? longestInput : null,
  };
}
