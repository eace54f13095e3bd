import type { Endpoint, PromptTexts } from '../../../core/dialect.ts';
import type { JsonMap } from '../../../core/json.ts';

/** The texts in a request's body, and how many messages they are; an embedding's input is none. */
export function promptTexts(endpoint: Endpoint, { messages, input, instructions }: JsonMap): PromptTexts {
  const contents = [messages, input, instructions].flatMap(listOf);
  return { texts: contents.flatMap(textsIn), messages: endpoint === 'embeddings' ? 0 : contents.length };
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** A text, that of a message's content, or the text parts of one. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (typeof value !== 'object' || value === null) return [];
  const { content, text } = value as { readonly content?: unknown; readonly text?: unknown };
  return textsIn(content ?? text);
}
