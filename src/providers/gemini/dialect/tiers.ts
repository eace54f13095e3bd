import type { ServiceTier } from '@google/genai';
import type { Tiers } from '../../../core/dialect.ts';

/** What tiers are called here, by the words of pipeline files. */
const names: ReadonlyMap<string, `${ServiceTier}`> = new Map([
  ['default', 'standard'],
  ['flex', 'flex'],
  ['priority', 'priority'],
]);

/** https://ai.google.dev/gemini-api/docs/optimization: for models that speak. */
export const tiers: Tiers = {
  parameter: 'serviceTier',
  of: (endpoint) => (endpoint === 'chat' ? [...names.keys()] : []),
};

export function tierName(word: string): string {
  return names.get(word) ?? word;
}

/** The word of pipeline files for a tier that a response names; null where it names none. */
export function tierWord(name: string | null): string | null {
  const said = name?.toLowerCase() ?? null;
  return Array.from(names).find(([, known]) => known === said)?.[0] ?? said;
}
