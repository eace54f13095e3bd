import type { Endpoint } from '../../../core/dialect.ts';
import type { JsonMap } from '../../../core/json.ts';

/** UTF-8 bytes of the texts in a request's body, and how many messages they are; an embedding's input is none. */
export function promptSize(
  endpoint: Endpoint,
  { messages, input, instructions }: JsonMap,
): { readonly bytes: number; readonly messages: number } {
  const texts = [messages, input, instructions].flatMap(listOf);
  const bytes = texts.reduce<number>((sum, text) => sum + textBytes(text), 0);
  return { bytes, messages: endpoint === 'embeddings' ? 0 : texts.length };
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** The bytes of a text, of a message's content, or of the text parts of one. */
function textBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.reduce<number>((sum, part) => sum + textBytes(part), 0);
  if (typeof value !== 'object' || value === null) return 0;
  const { content, text } = value as { readonly content?: unknown; readonly text?: unknown };
  return textBytes(content ?? text);
}
