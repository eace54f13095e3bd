import { setTimeout as sleep } from 'node:timers/promises';
import Anthropic from '@anthropic-ai/sdk';
import type { EmulatorOptions } from '../../../src/emulator/server.ts';
import { startTestEmulator, type TestEmulator } from '../client.ts';

export type MessageBatch = Anthropic.Messages.MessageBatch;
export type BatchResult = Anthropic.Messages.MessageBatchIndividualResponse;
export type MessageParams = Anthropic.MessageCreateParamsNonStreaming;

export interface AnthropicScene extends AsyncDisposable {
  readonly server: TestEmulator;
  readonly client: Anthropic;
  readonly origin: string;
}

/** An emulator and Anthropic's own client of it. */
export async function startAnthropicScene(options: Partial<EmulatorOptions> = {}): Promise<AnthropicScene> {
  const server = await startTestEmulator(options);
  const { origin } = new URL(server.emulator.url);
  const client = new Anthropic({ baseURL: origin, apiKey: 'any', maxRetries: 0 });
  return { server, client, origin, [Symbol.asyncDispose]: async () => server[Symbol.asyncDispose]() };
}

export function params(text: string, more: Partial<MessageParams> = {}): MessageParams {
  return {
    model: 'claude-haiku-4-5',
    max_tokens: 1024,
    messages: [{ role: 'user', content: text }],
    ...more,
  };
}

export function requests(count: number): { custom_id: string; params: MessageParams }[] {
  return Array.from({ length: count }, (_, index) => ({
    custom_id: `r${index + 1}`,
    params: params(`Row ${index + 1}: a parcel of lamps came late.`),
  }));
}

export async function ended(client: Anthropic, id: string): Promise<MessageBatch> {
  for (;;) {
    const batch = await client.messages.batches.retrieve(id);
    if (batch.processing_status === 'ended') return batch;
    await sleep(5);
  }
}

export async function results(client: Anthropic, id: string): Promise<Map<string, BatchResult['result']>> {
  const found = new Map<string, BatchResult['result']>();
  for await (const line of await client.messages.batches.results(id)) found.set(line.custom_id, line.result);
  return found;
}
