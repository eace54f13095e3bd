import type { PromptTexts } from '../core/dialect.ts';
import { frameTokens } from './prompt-tokens.ts';

/** So many UTF-16 units of a long prompt are counted, and a prompt of up to twice as many whole. */
const windowUnits = 2048;

/** A part of a prompt that stands for all of it, held as bytes: a slice of a string would keep the whole alive. */
export interface TextWindow {
  readonly texts: readonly Buffer[];
  /** By how much the prompt's texts are longer. */
  readonly times: number;
  readonly frame: number;
}

/** @param at where in the prompt it is to be, from 0 to 1 */
export function textWindow({ texts, messages }: PromptTexts, at: number): TextWindow {
  const frame = frameTokens(messages);
  const units = texts.reduce((sum, text) => sum + text.length, 0);
  if (units <= 2 * windowUnits) return { texts: texts.map((text) => Buffer.from(text)), times: 1, frame };
  const { text, place } = placeIn(texts, Math.floor(at * units));
  const start = wholeAt(text, Math.max(0, Math.min(place - windowUnits / 2, text.length - windowUnits)));
  const end = wholeAt(text, start + windowUnits);
  return { texts: [Buffer.from(text.slice(start, end))], times: units / (end - start), frame };
}

function placeIn(texts: readonly string[], at: number): { readonly text: string; readonly place: number } {
  let place = at;
  for (const text of texts) {
    if (place < text.length) return { text, place };
    place -= text.length;
  }
  return { text: texts.at(-1) ?? '', place };
}

/** The place, or the one before where it would cut a character in two. */
function wholeAt(text: string, place: number): number {
  return (text.charCodeAt(place) & 0xfc00) === 0xdc00 && place > 0 ? place - 1 : place;
}
