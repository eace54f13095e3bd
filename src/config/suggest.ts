import { distance } from 'fastest-levenshtein';

/** The candidate that was probably meant, or undefined where none is near. */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const ranked = candidates
    .map((candidate) => ({ candidate, steps: distance(lower, candidate.toLowerCase()) }))
    .toSorted((a, b) => a.steps - b.steps);
  const best = ranked[0];
  // Two letters that changed places count as two steps.
  const allowed = word.length < 4 ? 1 : word.length < 9 ? 2 : 3;
  return best !== undefined && best.steps <= allowed ? best.candidate : undefined;
}
