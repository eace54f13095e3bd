import { dialectOf } from '../config/dialect-of.ts';
import type { Pipeline } from '../config/pipeline.ts';
import type { TokenEncoding } from '../core/dialect.ts';

/** What the tokens of a pipeline's prompts are counted by. */
export interface Tokenizer {
  readonly encoding: TokenEncoding;
  /** Whether it is the model's own, so that the count is what the provider counts. */
  readonly isOwn: boolean;
}

/** The model's own tokenizer where that is public, else one that is like it. */
export function tokenizerOf(pipeline: Pipeline): Tokenizer {
  const { encoding, ownEncoding } = dialectOf(pipeline).facts(pipeline.request);
  return { encoding: ownEncoding ?? encoding, isOwn: ownEncoding !== undefined };
}
