import { distance } from 'fastest-levenshtein';

/** The candidate that was probably meant, or undefined where none is near. */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const ranked = candidates
    .map((candidate) => ({ candidate, steps: distance(lower, candidate.toLowerCase()) }))
    .toSorted((a, b) => a.steps - b.steps);
  const best = ranked[0];
  const allowed = Math.max(1, Math.floor(word.length / 3));
  return best !== undefined && best.steps <= Math.min(allowed, 3) ? best.candidate : undefined;
}
