import type { TokenEncoding } from '../core/transform.ts';
import { firstBorder, lastBorder, type PlaceRange } from './text-borders.ts';
import { countTokens, fitsTokens, truncateToTokens } from './tokens.ts';

/** How large pieces are, in tokens. */
export interface PieceSize {
  /** The most tokens a piece has; at least `leastPieceTokens`. */
  readonly most: number;
  /** About how many tokens a piece repeats of the one before it; less than `most`. */
  readonly overlap: number;
  readonly encoding: TokenEncoding;
}

/** A piece of a text, from `start` up to but not including `end`. */
export interface Piece {
  readonly start: number;
  readonly end: number;
}

/** A character may take four tokens, one a byte, and is never cut. */
export const leastPieceTokens = 4;

// What a window begins with; later ones go by the piece before.
const charactersPerToken = 5;

/**
 * Cuts a text into pieces, in order, each of which begins where the last one ended or, to overlap it, earlier. Cuts
 * are between paragraphs, else sentences, else words, where that leaves a piece at least half full. Takes time by the
 * length of the text.
 */
export function* splitText(text: string, size: PieceSize): Generator<Piece, void, undefined> {
  let start = 0;
  let covered = 0;
  let expected = size.most * charactersPerToken;
  while (covered < text.length) {
    const end = pieceEnd(text, { start, covered, expected, size });
    if (end === null) {
      // What is repeated leaves no room for anything new.
      start = covered;
      continue;
    }
    yield { start, end };
    expected = Math.ceil((end - start) * 1.25) + 16;
    covered = end;
    if (covered < text.length) start = overlapStart(text, { start, end }, size);
  }
}

interface PieceBegun {
  readonly start: number;
  /** Where the last piece ended; this one must end later. */
  readonly covered: number;
  /** About how many characters fill a piece. */
  readonly expected: number;
  readonly size: PieceSize;
}

/** Where a piece ends that begins at `start`; null where it would hold nothing new. */
function pieceEnd(text: string, { start, covered, expected, size }: PieceBegun): number | null {
  for (let most = size.most; most > 0; most = Math.floor(most * 0.98)) {
    const limit = start + lengthOfTokens(text, start, expected, { ...size, most });
    if (limit <= covered) break;
    const end = limit === text.length ? limit : borderUpTo(text, { base: start, from: covered, to: limit });
    // A word that is cut is other tokens than those that it was counted by.
    if (fitsTokens(text.slice(start, end), size.most, size.encoding)) return end;
  }
  return start === covered ? start + String.fromCodePoint(text.codePointAt(start) ?? 0).length : null;
}

/** How many characters from `start` on have `most` tokens. */
function lengthOfTokens(
  text: string,
  start: number,
  expected: number,
  { most, encoding }: PieceSize,
): number {
  for (let length = expected; ; length *= 2) {
    const window = text.slice(start, start + length);
    const kept = truncateToTokens(window, most, encoding).length;
    if (kept < window.length || start + length >= text.length) return kept;
  }
}

/** The gentlest border in the second half of the range, else in the first; else its end, which cuts no character. */
function borderUpTo(text: string, { base, from, to }: PlaceRange): number {
  const middle = from + Math.ceil((to - from) / 2);
  return lastBorder(text, { base, from: middle, to }) ?? lastBorder(text, { base, from: from + 1, to }) ?? to;
}

/** Where the piece behind this one begins. */
function overlapStart(text: string, { start, end }: Piece, { most, overlap, encoding }: PieceSize): number {
  if (overlap === 0) return end;
  const length = Math.ceil(((end - start) * overlap * 1.5) / most) + 16;
  for (let from = Math.max(start + 1, end - length); ; from = Math.max(start + 1, end - (end - from) * 2)) {
    const tail = text.slice(from, end);
    const surplus = countTokens(tail, encoding) - overlap;
    if (surplus <= 0 && from > start + 1) continue;
    const dropped = surplus <= 0 ? 0 : truncateToTokens(tail, surplus, encoding).length;
    return firstBorder(text, { base: start, from: from + dropped, to: end - 1 }) ?? end;
  }
}
