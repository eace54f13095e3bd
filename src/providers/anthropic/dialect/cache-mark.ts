import { isMap, type JsonMap } from '../../../core/json.ts';
import type { Conversation } from './body.ts';
import { constantHead, cutInHead, isConstant } from './constant-head.ts';

/** What the last block of the head carries: batches outlive five minutes. */
export const markText = '{"type":"ephemeral","ttl":"1h"}';

/** The least bytes of a head that is worth keeping. */
const leastBytes = 4096;

/** Where the part of a prompt that all rows share ends. */
export interface CacheMark {
  /** The tools, the system's text, or a message by its number. */
  readonly place: 'tools' | 'system' | number;
  /** Behind how many characters of the template there. */
  readonly at: number;
}

/**
 * Where the provider is told to keep the head of a prompt: tools, system and messages up to the first value of a row,
 * the order in which the API reads them. Null where that is too little, or `params` holds such marks itself.
 */
export function cacheMark({ system, messages }: Conversation, rest: JsonMap): CacheMark | null {
  if (JSON.stringify(rest).includes('"cache_control"')) return null;
  const { tools } = rest;
  const hasTools = Array.isArray(tools) && isMap(tools.at(-1));
  let bytes = hasTools ? Buffer.byteLength(JSON.stringify(tools)) : 0;
  let mark: CacheMark | null = hasTools ? { place: 'tools', at: 0 } : null;
  const texts = [
    ...(system === null ? [] : [{ place: 'system', text: system } as const]),
    ...messages.map(({ content }, place) => ({ place, text: content })),
  ];
  for (const { place, text } of texts) {
    if (typeof text !== 'string') break;
    bytes += Buffer.byteLength(constantHead(text));
    const at = isConstant(text) ? text.length : cutInHead(text);
    if (text.slice(0, at).trim() !== '') mark = { place, at };
    if (!isConstant(text)) break;
  }
  return bytes >= leastBytes ? mark : null;
}
