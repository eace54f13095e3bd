/** What a data URL holds. */
export interface DataUrl {
  /** In lower case, without parameters; `text/plain` where it names none. */
  readonly mediaType: string;
  readonly base64: string;
}

/** Null where the text is no data URL, or what it holds cannot be decoded. */
export function readDataUrl(url: string): DataUrl | null {
  const comma = url.indexOf(',');
  if (comma === -1) return null;
  const [type = '', ...parameters] = url
    .slice('data:'.length, comma)
    .split(';')
    .map((word) => word.trim().toLowerCase());
  const base64 =
    parameters.at(-1) === 'base64' ? cleanBase64(url.slice(comma + 1)) : encode(url.slice(comma + 1));
  return base64 === null ? null : { mediaType: synonyms[type] ?? (type || 'text/plain'), base64 };
}

const synonyms: Readonly<Record<string, string>> = { 'image/jpg': 'image/jpeg' };

/** With its padding, and without the white space and escapes that an address may have. */
function cleanBase64(written: string): string | null {
  const plain = written.includes('%') ? unescaped(written)?.toString('latin1') : written;
  const text = (plain?.replaceAll(/\s/g, '') ?? '').replace(/={1,2}$/, '');
  if (text === '' || text.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(text)) return null;
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}

function encode(written: string): string | null {
  const bytes = unescaped(written);
  return bytes === null || bytes.length === 0 ? null : bytes.toString('base64');
}

/** The bytes of a text with `%` escapes, which need not be UTF-8. */
function unescaped(text: string): Buffer | null {
  if (/%(?![0-9a-f]{2})/i.test(text)) return null;
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  const plain = bytes.replaceAll(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(plain, 'latin1');
}
