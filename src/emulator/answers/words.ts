const stopWords = new Set(
  `a about after all also am an and any are as at be because been before being below between both but by can could did
  do does doing down during each few for from further had has have having he her here hers him his how i if in into is
  it its just me more most my no nor not now of off on once only or other our out over own same she should so some such
  than that the their them then there these they this those through to too under until up very was we were what when
  where which while who whom why will with would you your please answer text write give using use following json`
    .split(/\s+/)
    .filter((word) => word !== ''),
);

const wordPattern = /[\p{L}\p{N}]+/gu;
const shortestWord = 3;
const longestWord = 24;
/** Words beyond this many characters add little to what a text is about, and cost time. */
const mostCharacters = 4000;
const mostWords = 12;

/** The words that a text uses most, most frequent first, without those that every text uses; lower case, distinct. */
export function contentWords(text: string): readonly string[] {
  const counts = new Map<string, number>();
  const scanned = text.length > mostCharacters ? text.slice(0, mostCharacters) : text;
  for (const found of scanned.toLowerCase().match(wordPattern) ?? []) {
    if (found.length < shortestWord || stopWords.has(found)) continue;
    const word = found.length > longestWord ? found.slice(0, longestWord) : found;
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  // The sort is stable: words that are equally frequent stay in the text's order.
  return [...counts]
    .sort((one, other) => other[1] - one[1])
    .slice(0, mostWords)
    .map(([word]) => word.toWellFormed());
}

/** `one, two and three`. */
export function enumerateWords(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? '';
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
