import { hashText } from '../random.ts';

const wordPattern = /[\p{L}\p{N}]+/gu;
const placesPerWord = 4;
const gramLength = 4;
const gramWeight = 0.35;
/** Share of the vector's length that is noise of the text's own. */
const noiseShare = 0.1;

/**
 * A vector of length 1 in which texts that share words, or pieces of words, lie near one another: feature hashing of
 * words and of character n-grams. A little noise makes it as dense as a model's, and differ wherever the text does.
 */
export function embedText(text: string, dimensions: number): Float32Array {
  const sums = new Float64Array(dimensions);
  for (const [word, count] of countWords(text)) addWord(sums, word, 1 + Math.log(count));
  normalize(sums);
  addNoise(sums, hashText(text));
  normalize(sums);
  return Float32Array.from(sums);
}

function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of text.toLowerCase().match(wordPattern) ?? []) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

function addWord(sums: Float64Array, word: string, weight: number): void {
  let hash = hashText(word);
  // Short words are mostly grammar: they say less about what a text is about.
  const wordWeight = word.length < 4 ? weight * 0.3 : weight;
  for (let place = 0; place < placesPerWord; place += 1) {
    hash = mix(hash + place);
    add(sums, hash, wordWeight);
  }
  for (let from = 0; from + gramLength <= word.length; from += 1) {
    add(sums, mix(hashText(word.slice(from, from + gramLength), 0x9747b28c)), weight * gramWeight);
  }
}

/** Adds at the place that the hash names, with the sign that its top bit gives. */
function add(sums: Float64Array, hash: number, weight: number): void {
  const place = (hash & 0x7fff_ffff) % sums.length;
  sums[place] = (sums[place] ?? 0) + (hash >>> 31 === 1 ? -weight : weight);
}

function addNoise(sums: Float64Array, seed: number): void {
  // Uniform on [-1, 1] has variance 1/3.
  const scale = noiseShare * Math.sqrt(3 / sums.length);
  let state = seed | 1;
  for (let place = 0; place < sums.length; place += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    sums[place] = (sums[place] ?? 0) + (state / 0x8000_0000) * scale;
  }
}

function normalize(sums: Float64Array): void {
  let squares = 0;
  for (const sum of sums) squares += sum * sum;
  if (squares === 0) return;
  const factor = 1 / Math.sqrt(squares);
  for (let place = 0; place < sums.length; place += 1) sums[place] = (sums[place] ?? 0) * factor;
}

function mix(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
