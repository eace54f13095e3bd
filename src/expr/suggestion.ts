import { distance } from 'fastest-levenshtein';

/** A hint for a name that does not exist: the nearest one that does, or all of them where none is near. */
export function didYouMean(name: string, known: readonly string[]): string {
  const near = known
    .map((candidate) => ({ candidate, edits: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ edits }) => edits <= Math.ceil(name.length / 3))
    .sort((a, b) => a.edits - b.edits)[0];
  if (near !== undefined) return `Did you mean "${near.candidate}"?`;
  return known.length === 0 ? 'There are no fields.' : `The fields are: ${known.join(', ')}.`;
}
