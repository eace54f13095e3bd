import type { TransformDeclaration } from '../core/transform.ts';
import { filter } from './filter.ts';
import { module } from './module.ts';
import { rename } from './rename.ts';
import { select } from './select.ts';
import { split } from './split.ts';
import { template } from './template.ts';
import { truncate } from './truncate.ts';

/** Every transform that a pipeline may name. */
export const transforms: readonly TransformDeclaration[] = [
  filter,
  select,
  rename,
  template,
  truncate,
  split,
  module,
];
