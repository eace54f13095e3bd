import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GoogleGenAI, JobState, type BatchJob } from '@google/genai';
import type { JsonMap } from '../../../src/core/json.ts';
import type { EmulatorOptions } from '../../../src/emulator/server.ts';
import { startTestEmulator, type TestEmulator } from '../client.ts';

export const model = 'gemini-2.5-flash';

export interface GeminiScene extends AsyncDisposable {
  readonly server: TestEmulator;
  readonly client: GoogleGenAI;
  readonly origin: string;
  /** Where files for uploads and downloads may lie. */
  readonly folder: string;
}

/** An emulator and Google's own client of it. */
export async function startGeminiScene(options: Partial<EmulatorOptions> = {}): Promise<GeminiScene> {
  const server = await startTestEmulator(options);
  const { origin } = new URL(server.emulator.url);
  const folder = await mkdtemp(join(tmpdir(), 'batchline-gemini-'));
  return {
    server,
    client: new GoogleGenAI({ apiKey: 'any', httpOptions: { baseUrl: origin } }),
    origin,
    folder,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

export function request(text: string, more: JsonMap = {}): JsonMap {
  return { contents: [{ role: 'user', parts: [{ text }] }], ...more };
}

export function lines(count: number): string {
  return Array.from(
    { length: count },
    (_, index) =>
      `${JSON.stringify({ key: `r${index + 1}`, request: request(`Row ${index + 1}: lamps`) })}\n`,
  ).join('');
}

export async function upload({ client, folder }: GeminiScene, content: string): Promise<string> {
  const path = join(folder, 'requests.jsonl');
  await writeFile(path, content);
  const file = await client.files.upload({ file: path, config: { mimeType: 'application/jsonl' } });
  return file.name ?? '';
}

export async function createBatch(scene: GeminiScene, content: string): Promise<BatchJob> {
  const src = await upload(scene, content);
  return scene.client.batches.create({ model, src, config: { displayName: 'batchline-test' } });
}

export async function ended(client: GoogleGenAI, name = ''): Promise<BatchJob> {
  for (;;) {
    const job = await client.batches.get({ name });
    if (job.state !== JobState.JOB_STATE_PENDING && job.state !== JobState.JOB_STATE_RUNNING) return job;
    await sleep(5);
  }
}

/** The lines of a batch's result file, by their keys. */
export async function results(scene: GeminiScene, job: BatchJob): Promise<Map<string, JsonMap>> {
  const downloadPath = join(scene.folder, 'results.jsonl');
  await scene.client.files.download({ file: job.dest?.fileName ?? '', downloadPath });
  const text = await readFile(downloadPath, 'utf8');
  const parsed = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JsonMap);
  return new Map(parsed.map((line) => [String(line['key']), line]));
}
