import { asMap } from '../../../core/json.ts';

/** How many dimensions OpenAI's models answer with where none are asked for (developers.openai.com, "Embeddings"). */
export const modelDimensions: Readonly<Record<string, number>> = {
  'text-embedding-3-small': 1536,
  'text-embedding-3-large': 3072,
  'text-embedding-ada-002': 1536,
};

/**
 * The dimensions that embeddings will have: those asked for, else the model's own. Null where that is not known
 * beforehand, as of a model of another provider.
 */
export function embeddingDimensions(model: unknown, params: unknown): number | null {
  const asked = asMap(params)?.['dimensions'];
  if (asked !== undefined) return typeof asked === 'number' ? asked : null;
  const isKnown = typeof model === 'string' && Object.hasOwn(modelDimensions, model);
  return isKnown ? (modelDimensions[model] ?? null) : null;
}
