import type { SourceDeclaration } from '../core/source.ts';

/** Every source that a pipeline may name. */
export const sources: readonly SourceDeclaration[] = [];
