import type { TransformDeclaration } from '../core/transform.ts';

/** Every transform that a pipeline may name. */
export const transforms: readonly TransformDeclaration[] = [];
