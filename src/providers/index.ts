import type { ProviderDeclaration } from '../core/provider.ts';

/** Every provider that a pipeline may name. */
export const providers: readonly ProviderDeclaration[] = [];
