/** What a part may hold. */
export type PartContent = 'image' | 'file';

/** The types that every provider takes. */
export const mediaTypes: Readonly<Record<PartContent, readonly string[]>> = {
  image: ['image/png', 'image/jpeg', 'image/gif', 'image/webp'],
  file: ['application/pdf'],
};

const byExtension: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
};

/** The type of an image by the extension of its address; null where that tells nothing. */
export function typeOfAddress({ pathname }: URL): string | null {
  const extension = /\.([a-z]+)$/i.exec(pathname)?.[1]?.toLowerCase() ?? '';
  return byExtension[extension] ?? null;
}

/** The type of a file by its first bytes; null where they are of none that a part may hold. */
export function typeOfBytes(start: Buffer): string | null {
  const text = start.toString('latin1');
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (text.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (/^GIF8[79]a/.test(text)) return 'image/gif';
  if (/^RIFF[^]{4}WEBP/.test(text)) return 'image/webp';
  // Readers of PDF look for its mark in the first 1,024 bytes, and some writers put something before it.
  return text.includes('%PDF-') ? 'application/pdf' : null;
}
