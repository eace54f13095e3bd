// A locale of its own, so that a text is cut alike on every machine.
const sentences = new Intl.Segmenter('en', { granularity: 'sentence' });
const words = new Intl.Segmenter('en', { granularity: 'word' });
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** How much of the text behind a place may decide whether it is a border. */
const context = 100;

/** Places in a text, both ends included. */
export interface PlaceRange {
  /** A border before the range, which the text is looked at from. */
  readonly base: number;
  readonly from: number;
  readonly to: number;
}

/**
 * The last border within a range, of the gentlest kind that has one there; null where the whole range lies within one
 * grapheme cluster. Takes time by the distance from `base` to `to`, not by the length of the text.
 */
export function lastBorder(text: string, { base, from, to }: PlaceRange): number | null {
  const window = text.slice(base, to + context);
  for (const finder of finders) {
    const place = finder.last(window, from - base, to - base);
    if (place !== null) return place + base;
  }
  return null;
}

/** The first border within a range, of the gentlest kind that has one in its first half, or else anywhere. */
export function firstBorder(text: string, { base, from, to }: PlaceRange): number | null {
  const window = text.slice(base, to + context);
  for (const until of [from + Math.floor((to - from) / 2), to]) {
    for (const finder of finders) {
      const place = finder.first(window, from - base, until - base);
      if (place !== null) return place + base;
    }
  }
  return null;
}

interface BorderFinder {
  first(text: string, from: number, to: number): number | null;
  last(text: string, from: number, to: number): number | null;
}

/** Borders that are where a pattern's match ends. */
function after(pattern: RegExp): BorderFinder {
  const ends = function* (text: string, from: number, to: number): Generator<number> {
    for (const match of text.matchAll(pattern)) {
      const end = match.index + match[0].length;
      if (end > to) return;
      if (end >= from) yield end;
    }
  };
  return {
    first: (text, from, to) => ends(text, from, to).next().value ?? null,
    last: (text, from, to) => Array.from(ends(text, from, to)).at(-1) ?? null,
  };
}

/** Borders between segments; `isBorder` says whether one may begin with a segment. */
function between(
  segmenter: Intl.Segmenter,
  isBorder: (segment: Intl.SegmentData) => boolean = () => true,
): BorderFinder {
  return {
    first(text, from, to) {
      const segments = segmenter.segment(text);
      let segment = segments.containing(from);
      if (segment !== undefined && segment.index < from)
        segment = segments.containing(segment.index + segment.segment.length);
      while (segment !== undefined && segment.index <= to) {
        if (isBorder(segment)) return segment.index;
        segment = segments.containing(segment.index + segment.segment.length);
      }
      return null;
    },
    last(text, from, to) {
      if (to >= text.length) return text.length >= from ? text.length : null;
      const segments = segmenter.segment(text);
      let segment = segments.containing(to);
      while (segment !== undefined && segment.index >= from && segment.index > 0) {
        if (isBorder(segment)) return segment.index;
        segment = segments.containing(segment.index - 1);
      }
      return null;
    },
  };
}

/** Paragraphs, sentences (and lines), words with spaces between them, words of scripts without, and clusters. */
const finders: readonly BorderFinder[] = [
  after(/(?:\n[^\S\n]*\n|\u2029)\s*/g),
  between(sentences),
  after(/\s+/g),
  between(words, (segment) => segment.isWordLike === true),
  between(graphemes),
];
