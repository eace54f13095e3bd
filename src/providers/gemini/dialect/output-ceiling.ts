import { asMap } from '../../../core/json.ts';
import type { RequestBlock } from '../../../core/request-block.ts';
import { chatParams } from './parameters.ts';

/** What an answer may have at most, as far as `params` say so by whichever name. */
export function outputCeiling({ endpoint, params }: RequestBlock): number | null {
  if (endpoint === 'embeddings') return null;
  const ceiling = asMap(chatParams(params)['generationConfig'])?.['maxOutputTokens'];
  return typeof ceiling === 'number' ? ceiling : null;
}
