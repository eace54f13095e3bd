import type { ModelFacts, RequestDraft } from '../../../core/dialect.ts';
import { asMap } from '../../../core/json.ts';
import { modelPath } from './model-path.ts';

/** What is known of embedding models: https://ai.google.dev/gemini-api/docs/embeddings */
const embeddingModels: ReadonlyMap<string, { readonly dimensions: number; readonly longestInput: number }> =
  new Map([['models/gemini-embedding-001', { dimensions: 3072, longestInput: 2048 }]]);

export function modelFacts({ endpoint, model, params }: RequestDraft): ModelFacts {
  const isEmbedding = endpoint === 'embeddings' && typeof model === 'string';
  const known = isEmbedding ? embeddingModels.get(modelPath(model)) : undefined;
  const { outputDimensionality, output_dimensionality: snake, dimensions } = asMap(params) ?? {};
  const asked = outputDimensionality ?? snake ?? dimensions;
  return {
    dimensions: asked === undefined ? (known?.dimensions ?? null) : typeof asked === 'number' ? asked : null,
    // Its own tokenizer is not public.
    encoding: 'o200k_base',
    longestInput: known?.longestInput ?? null,
  };
}
