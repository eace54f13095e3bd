import type { MessagePart } from '../../../core/message-part.ts';

/** A part of a message as a content block. */
export function contentBlock(part: MessagePart): string {
  if (part.kind === 'text') return textBlock(part.text);
  if (part.kind === 'address') return block('image', { type: 'url', url: part.url });
  const source = { type: 'base64', media_type: part.mediaType, data: part.base64 };
  return part.holds === 'image' ? block('image', source) : block('document', source);
}

function textBlock(text: string): string {
  return JSON.stringify({ type: 'text', text });
}

function block(type: 'image' | 'document', source: object): string {
  return JSON.stringify({ type, source });
}
