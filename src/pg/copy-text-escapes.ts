import { fromWire, type WireText } from '../core/wire-text.ts';
import type { CopyLines } from './copy-out.ts';

/** How COPY text and `copyToJsonEscapes` write SQL NULL; no JSON escape looks like it. */
export const nullCell = '\\N';

/**
 * Turns the escapes of COPY text into those of JSON strings, for a whole block at once: each cell then is the inside of
 * a JSON string, and tabs and newlines still end cells and lines. The two notations differ in four things only: quotes,
 * \v, the control characters that COPY leaves alone, and the line separators that we escape.
 *
 * `includes` runs at the speed of memory, so that text which needs none of this costs nearly nothing.
 */
export function copyToJsonEscapes({ text, hasRawControls }: CopyLines): WireText {
  let json: string = text;
  // An escaped backslash before a v is not a vertical tab: look at escapes from left to right.
  if (json.includes('\\v'))
    json = json.replaceAll(/\\[^]/g, (escape) => (escape === '\\v' ? '\\u000b' : escape));
  if (json.includes('"')) json = json.replaceAll('"', '\\"');
  if (hasRawControls) json = json.replaceAll(/[\x01-\x07\x0e-\x1f]/g, escapeControl);
  if (json.includes('\xe2\x80\xa8')) json = json.replaceAll('\xe2\x80\xa8', '\\u2028');
  if (json.includes('\xe2\x80\xa9')) json = json.replaceAll('\xe2\x80\xa9', '\\u2029');
  return json as WireText;
}

function escapeControl(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** The text of a cell in JSON escapes that is not null. */
export function cellText(cell: WireText): string {
  const text = fromWire(cell);
  return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text;
}
