import type { RequestBlock } from '../../../core/request-block.ts';

/** What endpoints call it. */
const names = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'] as const;

export function outputCeiling({ params }: Pick<RequestBlock, 'params'>): number | null {
  const given = names.map((name) => params[name]).filter((value) => typeof value === 'number');
  return given.length === 0 ? null : Math.max(...given);
}
