import { distance } from 'fastest-levenshtein';

/** The name that was probably meant by a misspelt one, or undefined where none is near. */
export function nearestName(word: string, names: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const ranked = names
    .map((name) => ({ name, edits: distance(lower, name.toLowerCase()) }))
    .toSorted((a, b) => a.edits - b.edits);
  const [best] = ranked;
  // Two letters that changed places count as two edits.
  const allowed = word.length < 4 ? 1 : Math.max(2, Math.floor(word.length / 3));
  return best !== undefined && best.edits <= allowed ? best.name : undefined;
}

/** A hint for a name that does not exist: the nearest one that does, or all of them where none is near. */
export function didYouMean(name: string, known: readonly string[]): string {
  const near = nearestName(name, known);
  if (near !== undefined) return `Did you mean "${near}"?`;
  return known.length === 0 ? 'There are none.' : `There are: ${known.join(', ')}.`;
}
