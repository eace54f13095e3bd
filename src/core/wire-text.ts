declare const wire: unique symbol;

/**
 * Text on its way from a socket or file into a request line: UTF-8 bytes held in a string, one byte a character
 * ("latin1"). Its length is its size in bytes, joining it costs nothing, and `buffer.latin1Write` puts it into a
 * file with one memory copy; text that only passes through is never decoded. A string of ASCII is its own wire text.
 */
export type WireText = string & { readonly [wire]: true };

const nonAscii = /[^\0-\x7f]/;

/** Encodes a string. Lone surrogates become U+FFFD, as in every UTF-8 encoder. */
export function toWire(text: string): WireText {
  return (nonAscii.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text) as WireText;
}

/** Decodes to an ordinary string. */
export function fromWire(text: WireText): string {
  return nonAscii.test(text) ? Buffer.from(text, 'latin1').toString('utf8') : text;
}

/**
 * The inside of the JSON string that stands for `text`, without its quotes. U+2028 and U+2029 are escaped, since
 * some readers of JSON Lines take them for line ends. Lone surrogates come out as `\udXXX`, which is valid JSON.
 */
export function escapeJson(text: string): WireText {
  return toWire(escapeLineSeparators(JSON.stringify(text).slice(1, -1)));
}

/** JSON text as wire text, with U+2028 and U+2029 escaped. */
export function jsonToWire(json: string): WireText {
  return toWire(escapeLineSeparators(json));
}

function escapeLineSeparators(json: string): string {
  return /[\u2028\u2029]/.test(json)
    ? json.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
    : json;
}

const needsEscape = /["\\\0-\x1f]|\xe2\x80[\xa8\xa9]/;

/** Like `escapeJson`, for text that is wire text already; which need not be decoded for it. */
export function escapeWire(text: WireText): WireText {
  if (!needsEscape.test(text)) return text;
  // Each byte is a character below U+0100 here, so JSON escapes just quotes, backslashes and control characters.
  const escaped = JSON.stringify(text).slice(1, -1);
  return (escaped.includes('\xe2\x80') ? escapeSeparatorBytes(escaped) : escaped) as WireText;
}

function escapeSeparatorBytes(escaped: string): string {
  return escaped.replaceAll('\xe2\x80\xa8', '\\u2028').replaceAll('\xe2\x80\xa9', '\\u2029');
}

/** The size in bytes of the text whose JSON escape this is; what token estimates count. */
export function unescapedLength(escaped: WireText): number {
  let length = escaped.length;
  for (let at = escaped.indexOf('\\'); at !== -1; at = escaped.indexOf('\\', at)) {
    const isUnicode = escaped.charCodeAt(at + 1) === 0x75;
    length -= isUnicode ? 5 : 1;
    at += isUnicode ? 6 : 2;
  }
  return length;
}
