import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI from 'openai';
import type { FaultsInput } from '../../src/emulator/faults/faults.ts';
import { startEmulator, type Emulator, type EmulatorOptions } from '../../src/emulator/server.ts';
import type { Endpoint } from '../../src/emulator/state/batch-record.ts';

/** A folder that is removed in the end. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'batchline-emulator-'));
  return { path, [Symbol.asyncDispose]: async () => rm(path, { recursive: true, force: true }) };
}

export interface TestEmulator extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly client: OpenAI;
  readonly dataDir: string;
}

export async function startTestEmulator(options: Partial<EmulatorOptions> = {}): Promise<TestEmulator> {
  const folder = await temporaryFolder();
  const emulator = await startEmulator({ dataDir: folder.path, latencyMs: 0, ...options });
  return {
    emulator,
    client: connect(emulator.url),
    dataDir: folder.path,
    [Symbol.asyncDispose]: async () => {
      await emulator[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

export function connect(url: string, apiKey = 'any'): OpenAI {
  return new OpenAI({ baseURL: url, apiKey, maxRetries: 0 });
}

export async function upload(client: OpenAI, content: string): Promise<string> {
  const file = await client.files.create({ purpose: 'batch', file: new File([content], 'requests.jsonl') });
  return file.id;
}

export async function createBatch(
  client: OpenAI,
  content: string,
  endpoint: Endpoint = '/v1/chat/completions',
): Promise<OpenAI.Batch> {
  const input_file_id = await upload(client, content);
  return client.batches.create({ input_file_id, endpoint, completion_window: '24h' });
}

/** Polls until the batch has ended, or is in the given state. */
export async function waitFor(
  client: OpenAI,
  id: string,
  status?: OpenAI.Batch['status'],
): Promise<OpenAI.Batch> {
  for (;;) {
    const batch = await client.batches.retrieve(id);
    if (batch.status === status) return batch;
    if (['completed', 'failed', 'cancelled', 'expired'].includes(batch.status)) {
      if (status === undefined) return batch;
      throw new Error(`the batch is ${batch.status}, not ${status}`);
    }
    await sleep(5);
  }
}

export async function runBatch(client: OpenAI, content: string, endpoint?: Endpoint): Promise<OpenAI.Batch> {
  const batch = await createBatch(client, content, endpoint);
  return waitFor(client, batch.id);
}

export interface ResultLine {
  readonly id: string;
  readonly custom_id: string;
  readonly response: {
    readonly status_code: number;
    readonly request_id: string;
    readonly body: Record<string, unknown>;
  } | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** The lines of a result file; none where there is no file. */
export async function results(client: OpenAI, fileId: string | null | undefined): Promise<ResultLine[]> {
  if (fileId === null || fileId === undefined) return [];
  const text = await (await client.files.content(fileId)).text();
  if (!text.endsWith('\n')) throw new Error('the last line is not ended');
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as ResultLine);
}

export function chatBody(text: string, more: object = {}): Record<string, unknown> {
  return { model: 'gpt-4o-mini', messages: [{ role: 'user', content: text }], ...more };
}

export function requestLine(customId: string, body: object, more: object = {}): string {
  return JSON.stringify({ custom_id: customId, method: 'POST', url: '/v1/chat/completions', body, ...more });
}

export function jsonl(...lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

/** Sets other faults in a running emulator; what is none is refused with status 400. */
export async function setFaults(url: string, faults: FaultsInput | string): Promise<Response> {
  const body = typeof faults === 'string' ? faults : JSON.stringify(faults);
  return fetch(new URL('/emulator/faults', url), { method: 'PUT', body });
}

/** The lines of a result file as they stand there, parsable or not. */
export async function rawLines(client: OpenAI, fileId: string | null | undefined): Promise<string[]> {
  if (fileId === null || fileId === undefined) return [];
  const text = await (await client.files.content(fileId)).text();
  return text.split('\n').filter((line) => line !== '');
}
