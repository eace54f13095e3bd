import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GoogleGenAI } from '@google/genai';
import Anthropic from '@anthropic-ai/sdk';
import { expect, test } from 'vitest';
import { startEmulator } from '../../src/emulator/server.ts';
import * as anthropic from './anthropic/client.ts';
import { temporaryFolder } from './client.ts';
import * as gemini from './gemini/client.ts';

function clientsOf(url: string) {
  const { origin } = new URL(url);
  return {
    ofAnthropic: new Anthropic({ baseURL: origin, apiKey: 'any', maxRetries: 0 }),
    ofGemini: new GoogleGenAI({ apiKey: 'any', httpOptions: { baseUrl: origin } }),
  };
}

test('batches of each API go on after a restart, and are on the bill once', async () => {
  await using folder = await temporaryFolder();
  const dataDir = folder.path;
  const ids = { anthropic: '', gemini: '' };
  {
    await using emulator = await startEmulator({ dataDir, latencyMs: 600_000 });
    const { ofAnthropic, ofGemini } = clientsOf(emulator.url);
    ids.anthropic = (await ofAnthropic.messages.batches.create({ requests: anthropic.requests(20) })).id;
    const src = ['one', 'two'].map((text) => ({ contents: [{ role: 'user', parts: [{ text }] }] }));
    const job = await ofGemini.batches.create({
      model: gemini.model,
      src,
      config: { displayName: 'restart' },
    });
    ids.gemini = job.name ?? '';
  }
  await using emulator = await startEmulator({ dataDir, latencyMs: 0 });
  const { ofAnthropic, ofGemini } = clientsOf(emulator.url);
  expect((await anthropic.ended(ofAnthropic, ids.anthropic)).request_counts.succeeded).toBe(20);
  expect((await anthropic.results(ofAnthropic, ids.anthropic)).size).toBe(20);
  const job = await gemini.ended(ofGemini, ids.gemini);
  expect(job.dest?.inlinedResponses).toHaveLength(2);
  const bill = (await readFile(join(dataDir, 'bill.jsonl'), 'utf8')).trim().split('\n');
  expect(bill.map((line) => (JSON.parse(line) as { batch_id: string }).batch_id)).toEqual([
    ids.anthropic,
    ids.gemini,
  ]);
});
