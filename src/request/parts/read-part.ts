import { BatchlineError } from '../../core/errors.ts';
import type { MessagePart, PartFiles } from '../../core/message-part.ts';
import { readDataUrl } from './data-url.ts';
import { mediaTypes, type PartContent, typeOfAddress, typeOfBytes } from './media-type.ts';

/**
 * An image or a file as a row names it: by an http(s) address, a data URL, or a path.
 *
 * @throws BatchlineError `part_...`, whose message says what to do
 */
export function readPart(holds: PartContent, written: string, files: PartFiles): MessagePart {
  const scheme = /^(?:(data):|([a-z][a-z0-9+.-]*):\/\/)/i.exec(written);
  if (scheme?.[1] !== undefined) return fromDataUrl(holds, written);
  if (scheme?.[2] !== undefined) return fromAddress(holds, written);
  const { name, start, base64 } = files.read(written);
  const mediaType = typeOfBytes(start);
  if (mediaType === null || !mediaTypes[holds].includes(mediaType)) {
    throw wrongType(holds, shown(written), mediaType ?? 'another type by its first bytes');
  }
  return { kind: 'data', holds, mediaType, base64, name };
}

function fromDataUrl(holds: PartContent, written: string): MessagePart {
  const data = readDataUrl(written);
  if (data === null) {
    const message = `the data URL ${shown(written)} cannot be decoded; write data:TYPE;base64,DATA`;
    throw new BatchlineError('part_invalid', message);
  }
  const { mediaType, base64 } = data;
  if (!mediaTypes[holds].includes(mediaType))
    throw wrongType(holds, `the data URL ${shown(written)}`, mediaType);
  return { kind: 'data', holds, mediaType, base64, name: null };
}

function fromAddress(holds: PartContent, written: string): MessagePart {
  const url = URL.parse(written);
  if (holds === 'file' || url === null || !/^https?:$/.test(url.protocol)) {
    const ways = holds === 'file' ? 'a path or a data URL' : 'an http(s) address, a path or a data URL';
    const message = `${shown(written)} is no ${holds} that can be sent; give ${ways}`;
    throw new BatchlineError('part_address', message);
  }
  return { kind: 'address', url: written, mediaType: typeOfAddress(url) };
}

function wrongType(holds: PartContent, what: string, found: string): BatchlineError {
  const wanted = mediaTypes[holds].join(', ');
  const message = `${what} is ${found}; an \`${holds}\` part takes ${wanted}: convert it, or name another in the row`;
  return new BatchlineError('part_type', message);
}

function shown(written: string): string {
  return JSON.stringify(written.length > 100 ? `${written.slice(0, 100)}…` : written);
}
