import { declarationOf } from '../config/blocks.ts';
import type { Pipeline } from '../config/pipeline.ts';
import type { Field } from '../core/value.ts';
import { transforms } from '../transforms/index.ts';

/** The names of the source's key columns. */
export function sourceKeyNames({ source }: Pick<Pipeline, 'source'>): readonly string[] {
  return typeof source.key === 'string' ? [source.key] : source.key;
}

/** The fields that transforms add to the source's key. */
export function addedKeyFields(pipeline: Pipeline): readonly Field[] {
  return pipeline.transforms.flatMap((block) => declarationOf(transforms, block).keyField ?? []);
}

/** The names of an item's key parts: the source key's, and behind them what transforms add. */
export function itemKeyNames(pipeline: Pipeline): readonly string[] {
  return [...sourceKeyNames(pipeline), ...addedKeyFields(pipeline).map(({ name }) => name)];
}
