import { stripVTControlCharacters } from 'node:util';

const segments = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const wide =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}])/u;
const withoutWidth = /^(?:\p{Mark}|\p{Default_Ignorable_Code_Point})+$/u;
const plainAscii = /^[\u0020-\u007e]*$/;

/** How many columns of a terminal a text takes: Chinese characters and emoji take two each, marks none. */
export function textWidth(text: string): number {
  const plain = stripVTControlCharacters(text);
  if (plainAscii.test(plain)) return plain.length;
  return [...segments.segment(plain)].reduce((sum, { segment }) => sum + widthOf(segment), 0);
}

/** The text cut to so many columns, with an ellipsis where something went. Colours are lost where it is cut. */
export function cutToWidth(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  let [cut, used] = ['', 0];
  for (const { segment } of segments.segment(stripVTControlCharacters(text))) {
    used += widthOf(segment);
    if (used > columns - 1) break;
    cut += segment;
  }
  return columns < 1 ? '' : `${cut}…`;
}

function widthOf(segment: string): number {
  if (withoutWidth.test(segment)) return 0;
  return wide.test(segment) || segment.includes('\ufe0f') ? 2 : 1;
}
