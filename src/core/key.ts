import { hash } from 'node:crypto';
import { escapeWire, type WireText } from './wire-text.ts';

const plainId = /^(?!h_)[A-Za-z0-9_-]{1,64}$/;

/** The one text of a row's key: the text itself, or for a composite key the JSON array of its parts' texts. */
export function keyText(parts: readonly WireText[]): WireText {
  if (parts.length === 1) return parts[0] as WireText;
  return `[${parts.map((part) => `"${escapeWire(part)}"`).join(',')}]` as WireText;
}

/**
 * The custom_id of a row: its key's text where every provider accepts that as an id, else `h_` and 22 characters of
 * base64url, the first 128 bits of the SHA-256 of the text's UTF-8 bytes.
 */
export function customId(text: WireText, mode: 'auto' | 'hash'): string {
  return mode === 'auto' && plainId.test(text) ? text : `h_${keyDigest(text).toString('base64url')}`;
}

/** The first 128 bits of the SHA-256 of a key's text. */
export function keyDigest(text: WireText): Buffer {
  return hash('sha256', Buffer.from(text, 'latin1'), 'buffer').subarray(0, 16);
}
