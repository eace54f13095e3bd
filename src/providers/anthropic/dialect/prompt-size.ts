import type { Endpoint } from '../../../core/dialect.ts';
import { asList, asMap, type JsonMap } from '../../../core/json.ts';

/** UTF-8 bytes of the texts in a request's body, and how many messages they are. */
export function promptSize(
  _endpoint: Endpoint,
  { system, messages }: JsonMap,
): { readonly bytes: number; readonly messages: number } {
  const contents = [
    ...(system === undefined ? [] : [system]),
    ...asList(messages).map((message) => asMap(message)?.['content']),
  ];
  return {
    bytes: contents.reduce<number>((sum, content) => sum + textBytes(content), 0),
    messages: contents.length,
  };
}

/** The bytes of a text, or of the text blocks of a content. */
function textBytes(content: unknown): number {
  if (typeof content === 'string') return Buffer.byteLength(content);
  return asList(content).reduce<number>((sum, block) => sum + textBytes(asMap(block)?.['text'] ?? ''), 0);
}
