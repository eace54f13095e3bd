import { createRequire } from 'node:module';
import type * as Encoding from 'gpt-tokenizer/encoding/o200k_base';
import type { TokenEncoding } from '../core/transform.ts';

const require = createRequire(import.meta.url);
const loaded = new Map<TokenEncoding, typeof Encoding>();

// Words such as <|endoftext|> in a row are text like any other; by default the tokenizer throws on them.
const asText = { disallowedSpecial: new Set<string>() };

// The tokenizer takes time quadratic in a run without a break: 0.2 s for 20,000 letters. Such a run is no language,
// so it is counted in pieces, which may differ by a token a piece from counting it whole.
const longRun = /[\p{L}\p{M}]{1000}|\s{1000}|[^\s\p{L}\p{N}]{1000}/gu;

/** The longest text that is counted whole whatever it is; of letters alone, 10,000 take 0.3 s. */
const countedWhole = 10_000;

// The tokenizer remembers how words merge, by slices of the text, each of which keeps its whole text alive.
const mostCharacters = 16_000_000;
let charactersSeen = 0;
// From 100,000 on it drops the oldest for each new one, which takes longer than thousands of merges.
const mostMerges = 90_000;
let mergesSeen = 0;

/** Loads an encoding's tables, about 0.2 s and 50 MB, so that the first row need not wait for them. */
export function loadEncoding(name: TokenEncoding): typeof Encoding {
  let encoding = loaded.get(name);
  if (encoding === undefined) {
    encoding = require(`gpt-tokenizer/encoding/${name}`) as typeof Encoding;
    loaded.set(name, encoding);
  }
  return encoding;
}

/** The exact number of tokens in a text. */
export function countTokens(text: string, name: TokenEncoding): number {
  let count = 0;
  for (const words of tokensOfWords(text, name)) count += words.length;
  return count;
}

/** Whether a text has more than `most` tokens; stops counting there. A token is at least one byte. */
export function exceedsTokens(text: string, most: number, name: TokenEncoding): boolean {
  if (text.length * 3 <= most || Buffer.byteLength(text) <= most) return false;
  let count = 0;
  for (const words of tokensOfWords(text, name)) {
    count += words.length;
    if (count > most) return true;
  }
  return false;
}

/**
 * Whether a text has at most `most` tokens. It is counted whole, as nobody would count it otherwise, unless it is
 * so long that what is found errs on the side of more.
 */
export function fitsTokens(text: string, most: number, name: TokenEncoding): boolean {
  if (Buffer.byteLength(text) <= most) return true;
  const longRuns = Array.from(text.matchAll(longRun)).length;
  // Where a run is cut, its ends may merge into fewer tokens than they were part of.
  if (longRuns === 0 || text.length > countedWhole) return !exceedsTokens(text, most - 2 * longRuns, name);
  let count = 0;
  for (const words of loadEncoding(name).encodeGenerator(text, asText)) {
    count += words.length;
    if (count > most) return false;
  }
  return true;
}

/** The longest beginning of a text that has at most `most` tokens and does not end inside a character. */
export function truncateToTokens(text: string, most: number, name: TokenEncoding): string {
  if (text.length * 3 <= most || Buffer.byteLength(text) <= most) return text;
  const { decode } = loadEncoding(name);
  let count = 0;
  let length = 0;
  for (const word of tokensOfWords(text, name)) {
    const kept = word.slice(0, most - count);
    length += decode(kept).length;
    if (kept.length < word.length) {
      // The decoder holds back the bytes of a character that was cut, and must be given the rest to be clean again.
      decode(word.slice(kept.length));
      return text.slice(0, beforeCutPair(text, length));
    }
    count += kept.length;
  }
  return text;
}

/** The tokens of a text, word by word, as the tokenizer splits it. */
function* tokensOfWords(text: string, name: TokenEncoding): Generator<readonly number[], void, undefined> {
  const encoding = loadEncoding(name);
  charactersSeen += text.length;
  if (charactersSeen > mostCharacters) forgetMerges();
  for (const piece of piecesOf(text)) {
    for (const tokens of encoding.encodeGenerator(piece, asText)) {
      if (tokens.length > 1) mergesSeen += 1;
      if (mergesSeen > mostMerges) forgetMerges();
      yield tokens;
    }
  }
}

function forgetMerges(): void {
  for (const { clearMergeCache } of loaded.values()) clearMergeCache();
  charactersSeen = 0;
  mergesSeen = 0;
}

function* piecesOf(text: string): Generator<string, void, undefined> {
  let start = 0;
  for (const run of text.matchAll(longRun)) {
    const end = run.index + run[0].length;
    yield text.slice(start, end);
    start = end;
  }
  if (start < text.length) yield start === 0 ? text : text.slice(start);
}

function beforeCutPair(text: string, length: number): number {
  const last = text.charCodeAt(length - 1);
  const isPair = last >= 0xd800 && last <= 0xdbff && (text.charCodeAt(length) & 0xfc00) === 0xdc00;
  return isPair ? length - 1 : length;
}
