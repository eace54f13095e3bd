import type { FileHandle } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DownloadFault } from './http-faults.ts';

/** A file on its way to a client. */
export interface Download {
  readonly file: FileHandle;
  readonly bytes: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
}

const longestTimerMs = 2 ** 31 - 1;

/** Sends a part of a file, and then what the fault says: no more, for a time or for ever. */
export async function sendFaultyDownload(download: Download, fault: DownloadFault): Promise<void> {
  const { response, bytes } = download;
  const part = Math.floor(bytes * fault.at);
  // Without a length the client cannot see that something is missing.
  const length = fault.fault === 'download_short' ? {} : { 'content-length': String(bytes) };
  response.writeHead(200, { ...download.headers, ...length });
  response.flushHeaders();
  await sendRange(download, 0, part, fault.fault === 'download_short');
  if (fault.fault === 'download_cut') response.socket?.resetAndDestroy();
  if (fault.fault !== 'download_stalled') return;
  await stall(download, fault.for);
  await sendRange(download, part, bytes, true);
}

async function sendRange(download: Download, from: number, to: number, isLast: boolean): Promise<void> {
  const { file, response, signal } = download;
  if (from === to) {
    if (isLast) response.end();
    return;
  }
  const content = file.createReadStream({ start: from, end: to - 1, autoClose: false });
  await pipeline(content, response, { signal, end: isLast });
}

async function stall({ response, signal }: Download, ms: number | undefined): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const stop = AbortSignal.any([signal, gone.signal]);
  await sleep(ms ?? longestTimerMs, undefined, { signal: stop });
}
