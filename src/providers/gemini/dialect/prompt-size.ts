import type { Endpoint } from '../../../core/dialect.ts';
import { asList, asMap, asMaps, type JsonMap } from '../../../core/json.ts';

/** UTF-8 bytes of the texts in a request's body, and how many messages they are; an embedding's input is none. */
export function promptSize(
  endpoint: Endpoint,
  { contents, systemInstruction, content }: JsonMap,
): { readonly bytes: number; readonly messages: number } {
  const turns = asMaps([systemInstruction, content, ...asList(contents)]);
  const bytes = turns.flatMap(({ parts }) => asList(parts)).reduce<number>(addText, 0);
  return { bytes, messages: endpoint === 'embeddings' ? 0 : turns.length };
}

function addText(bytes: number, part: unknown): number {
  const text = asMap(part)?.['text'];
  return typeof text === 'string' ? bytes + Buffer.byteLength(text) : bytes;
}
