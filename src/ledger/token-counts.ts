import type { TokenCounts } from './ledger.ts';

export const noTokens: TokenCounts = { input: 0, output: 0, cached: 0 };

export function addTokens(a: TokenCounts, b: TokenCounts): TokenCounts {
  return { input: a.input + b.input, output: a.output + b.output, cached: a.cached + b.cached };
}
