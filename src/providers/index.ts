import type { ProviderDeclaration } from '../core/provider.ts';
import { anthropic } from './anthropic.ts';
import { openai } from './openai.ts';

/** Every provider that a pipeline may name. */
export const providers: readonly ProviderDeclaration[] = [openai, anthropic];
