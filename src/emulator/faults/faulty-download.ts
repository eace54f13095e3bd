import type { FileHandle } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DownloadFault } from './http-faults.ts';

/** A file on its way to a client. */
export interface Download {
  /** The file's id. */
  readonly id: string;
  readonly file: FileHandle;
  readonly bytes: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
}

const longestTimerMs = 2 ** 31 - 1;

/** Sends a part of a file, and then what the fault says: no more, for a time or for ever. */
export async function sendFaultyDownload(download: Download, fault: DownloadFault): Promise<void> {
  if (fault.fault === 'download_redirected') return redirect(download);
  const { response, bytes, signal } = download;
  // Without a length the client cannot see that something is missing.
  const length =
    fault.fault === 'download_growing' ? await growth(download, fault.at) : wholeLength(fault, bytes);
  response.writeHead(200, { ...download.headers, ...length });
  response.flushHeaders();
  await pipeline(faultyContent(download, fault), response, { signal });
}

/** By another name of this machine, which is another origin, and where no key is asked for. */
function redirect({ id, response }: Download): void {
  const port = response.socket?.localPort ?? 0;
  response.writeHead(302, { location: `http://localhost:${port}/emulator/storage/${id}` }).end();
}

function wholeLength(fault: PartFault, bytes: number): Readonly<Record<string, string>> {
  return fault.fault === 'download_short' ? {} : { 'content-length': String(bytes) };
}

/** As Doubleword says it: that more comes, and how many lines there are so far. */
async function growth({ file, bytes }: Download, at: number): Promise<Readonly<Record<string, string>>> {
  let lines = 0;
  for await (const block of range(file, 0, Math.floor(bytes * at)))
    for (const byte of block) if (byte === 0x0a) lines += 1;
  return { 'x-incomplete': 'true', 'x-last-line': String(lines) };
}

type PartFault = Exclude<DownloadFault, { fault: 'download_redirected' }>;

async function* faultyContent(download: Download, fault: PartFault): AsyncGenerator<Buffer> {
  const part = Math.floor(download.bytes * fault.at);
  yield* range(download.file, 0, part);
  if (fault.fault === 'download_cut') download.response.socket?.resetAndDestroy();
  if (fault.fault !== 'download_stalled') return;
  await stall(download, fault.for);
  yield* range(download.file, part, download.bytes);
}

async function* range(file: FileHandle, from: number, to: number): AsyncGenerator<Buffer> {
  if (from === to) return;
  yield* file.createReadStream({ start: from, end: to - 1, autoClose: false }) as AsyncIterable<Buffer>;
}

async function stall({ response, signal }: Download, ms: number | undefined): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const stop = AbortSignal.any([signal, gone.signal]);
  await sleep(ms ?? longestTimerMs, undefined, { signal: stop });
}
