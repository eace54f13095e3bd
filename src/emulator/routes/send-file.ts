import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { sendFaultyDownload } from '../faults/faulty-download.ts';
import type { Exchange } from '../http/exchange.ts';
import type { FileObject } from '../state/file-store.ts';

/** Streams a file's content from the disk; a client that leaves ends it. */
export async function sendFile(
  { response, signal, downloadFault }: Exchange,
  path: string,
  { id, bytes }: FileObject,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  await using file = await open(path, 'r');
  if (downloadFault !== undefined) {
    await sendFaultyDownload({ id, file, bytes, headers, response, signal }, downloadFault);
    return;
  }
  response.writeHead(200, { ...headers, 'content-length': bytes });
  const content = file.createReadStream({ highWaterMark: 262_144, autoClose: false });
  await pipeline(content, response, { signal });
}
