/**
 * Words are found by reading code units through a table, without making a string of each: an answer's time goes into
 * its prompt's words, and there are a million answers in a run.
 */

/**
 * For each code unit that words are made of, its lower case without accents; 0 for all others, halves of astral
 * characters included.
 */
const letters = Uint16Array.from({ length: 0x1_0000 }, (_, code) => foldLetter(String.fromCharCode(code)));

function foldLetter(letter: string): number {
  if (!/[\p{L}\p{N}\p{M}]/u.test(letter)) return 0;
  const small = letter.toLowerCase();
  // The scripts with accents are before U+2000; Hangul syllables, after it, would come apart into letters.
  return (small < '\u2000' ? small.normalize('NFD') : small).charCodeAt(0);
}

const hashStart = 0x811c9dc5;
const hashPrime = 0x01000193;

/** The lower case, without accents, of the code unit at a place of a text, 0 where no word is. */
export function letterAt(text: string, index: number): number {
  return letters[text.charCodeAt(index)] ?? 0;
}

/**
 * Called for each word of a text, in order, with where it is and a hash of its folded letters: a signed 32-bit
 * integer, which V8 keeps without a heap object.
 */
export type WordVisitor = (from: number, to: number, hash: number) => void;

export function visitWords(text: string, end: number, visit: WordVisitor): void {
  let hash = hashStart;
  let from = -1;
  for (let index = 0; index <= end; index += 1) {
    const letter = index < end ? letterAt(text, index) : 0;
    if (letter !== 0) {
      if (from === -1) from = index;
      hash = Math.imul(hash ^ letter, hashPrime);
    } else if (from !== -1) {
      visit(from, index, hash);
      from = -1;
      hash = hashStart;
    }
  }
}

const stopWords = new Set<number>();
const commonText = `a about after all also am an and any are as at be because been before being below between both but by
  can could did do does doing down during each few for from further had has have having he her here hers him his how i
  if in into is it its just me more most my no nor not now of off on once only or other our out over own same she should
  so some such than that the their them then there these they this those through to too under until up very was we were
  what when where which while who whom why will with would you your please answer text write give using use following`;
visitWords(commonText, commonText.length, (_from, _to, hash) => stopWords.add(hash));

/** Whether a word, by its hash, is one that every text uses. */
export function isCommonWord(hash: number): boolean {
  return stopWords.has(hash);
}

const shortestWord = 3;
const longestWord = 24;
/** Words beyond this many characters add little to what a text is about. */
const mostCharacters = 2000;
const mostWords = 12;

/** The words that a text uses most, most frequent first, without those that every text uses; lower case, distinct. */
export function contentWords(text: string): readonly string[] {
  const counts = new Map<number, WordCount>();
  visitWords(text, Math.min(text.length, mostCharacters), (from, to, hash) => {
    if (to - from < shortestWord || isCommonWord(hash)) return;
    const seen = counts.get(hash);
    if (seen === undefined) counts.set(hash, { from, to, count: 1 });
    else seen.count += 1;
  });
  return mostFrequent(counts.values()).map(({ from, to }) =>
    text.slice(from, Math.min(to, from + longestWord)).toLowerCase(),
  );
}

interface WordCount {
  readonly from: number;
  readonly to: number;
  count: number;
}

/** Of words that are equally frequent, the earlier one first. */
function mostFrequent(counts: Iterable<WordCount>): readonly WordCount[] {
  const top: WordCount[] = [];
  for (const word of counts) {
    let place = top.length;
    while (place > 0 && (top[place - 1]?.count ?? 0) < word.count) place -= 1;
    if (place >= mostWords) continue;
    top.splice(place, 0, word);
    if (top.length > mostWords) top.pop();
  }
  return top;
}

/** `one, two and three`. */
export function enumerateWords(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? '';
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
