import { randomUUID } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import type { ChunkFile } from '../../core/batch-side.ts';
import type { Compat } from './compat.ts';
import { expiry } from './expiry.ts';

/** A form as it goes over the wire. */
export interface UploadForm {
  readonly body: Blob;
  readonly contentType: string;
}

/**
 * The form of an upload (RFC 7578), as one blob: what lies on disk is read as it is sent, and never into memory. It is
 * not left to FormData, whose stream in undici throws where nobody can catch it when an upload is broken off. The purpose
 * stands first, for servers that read the form in order.
 */
export async function uploadForm(
  { path, expiresAfterMs }: ChunkFile,
  name: string,
  compat: Compat,
): Promise<UploadForm> {
  const boundary = `batchline-${randomUUID()}`;
  const fields: (readonly [name: string, value: string])[] = [['purpose', 'batch']];
  if (compat.output_expires_after) {
    const { anchor, seconds } = expiry(expiresAfterMs);
    fields.push(['expires_after[anchor]', anchor], ['expires_after[seconds]', String(seconds)]);
  }
  const begin = (disposition: string): string =>
    `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n`;
  const head = fields.map(([field, value]) => `${begin(`name="${field}"`)}\r\n${value}\r\n`).join('');
  const file = `${begin(`name="file"; filename="${name}"`)}Content-Type: application/jsonl\r\n\r\n`;
  const body = new Blob([head, file, await openAsBlob(path), `\r\n--${boundary}--\r\n`]);
  return { body, contentType: `multipart/form-data; boundary=${boundary}` };
}
