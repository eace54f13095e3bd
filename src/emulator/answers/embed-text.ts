import { hashText } from '../random.ts';
import { isCommonWord, letterAt, visitWords } from './words.ts';

const placesPerWord = 2;
const gramLength = 4;
const gramSeed = 0x9747b28c;
const gramWeight = 0.6;
/** Share of the vector's length that is noise of the text's own. */
const noiseShare = 0.1;

/**
 * A vector of length 1 in which texts that share words, or pieces of words, lie near one another: feature hashing of
 * words and of character n-grams. Words that every
 * text uses count for nothing. A little noise makes it as dense as a model's, and differ wherever the text does.
 */
export function embedText(text: string, dimensions: number): Float32Array {
  const sums = new Float64Array(dimensions);
  visitWords(text, text.length, (from, to, hash) => addWord(sums, text, { from, to, hash }));
  const squares = addNoise(sums, dampen(sums), hashText(text));
  return scaled(sums, 1 / Math.sqrt(squares));
}

interface Word {
  readonly from: number;
  readonly to: number;
  readonly hash: number;
}

function addWord(sums: Float64Array, text: string, word: Word): void {
  let { hash } = word;
  // Words of grammar say little about what a text is about; in languages other than English, short words do.
  if (isCommonWord(hash)) return;
  const weight = word.to - word.from < 4 ? 0.3 : 1;
  for (let place = 0; place < placesPerWord; place += 1) {
    hash = mix(hash + place);
    add(sums, hash, weight);
  }
  for (let from = word.from; from + gramLength <= word.to; from += 1) {
    let gram = gramSeed;
    for (let index = from; index < from + gramLength; index += 1) gram = mix(gram ^ letterAt(text, index));
    add(sums, gram, gramWeight);
  }
}

/**
 * A word that is repeated often counts for more, but not for as much more.
 *
 * @returns the vector's length
 */
function dampen(sums: Float64Array): number {
  let squares = 0;
  for (let place = 0; place < sums.length; place += 1) {
    let sum = sums[place] ?? 0;
    if (sum === 0) continue;
    if (sum > 1 || sum < -1) sums[place] = sum = Math.sign(sum) * (1 + Math.log(Math.abs(sum)));
    squares += sum * sum;
  }
  return Math.sqrt(squares);
}

/** Adds at the place that the hash names, with the sign that its top bit gives. */
function add(sums: Float64Array, hash: number, weight: number): void {
  const place = (hash & 0x7fff_ffff) % sums.length;
  sums[place] = (sums[place] ?? 0) + (hash >>> 31 === 1 ? -weight : weight);
}

/** @returns the square of the vector's length */
function addNoise(sums: Float64Array, length: number, seed: number): number {
  // Uniform on [-1, 1] has variance 1/3; of a text without words the noise is all there is.
  const share = length === 0 ? 1 : noiseShare * length;
  const scale = (share * Math.sqrt(3 / sums.length)) / 0x8000_0000;
  let squares = 0;
  let state = seed | 1;
  for (let place = 0; place < sums.length; place += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const sum = (sums[place] ?? 0) + state * scale;
    sums[place] = sum;
    squares += sum * sum;
  }
  return squares;
}

function scaled(sums: Float64Array, factor: number): Float32Array {
  const vector = new Float32Array(sums.length);
  for (let place = 0; place < sums.length; place += 1) vector[place] = (sums[place] ?? 0) * factor;
  return vector;
}

function mix(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
