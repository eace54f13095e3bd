import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { OpenedProvider, RemoteBatch } from '../../../src/core/provider.ts';
import { sleep } from '../../../src/core/async.ts';
import { startEmulator } from '../../../src/emulator/server.ts';
import { requestBlock } from '../../../src/core/request-block.ts';
import { openAiDialect } from '../../../src/providers/openai/dialect/dialect.ts';
import { createAnswerReader } from '../../../src/results/answer-reader.ts';
import { readLineBlocks } from '../../../src/files/line-reader.ts';
import { never, openProvider } from './open.ts';

const endpoint = 'chat';
const request = requestBlock.parse({ endpoint, model: 'm', prompt: 'hi' });

function requestFile(rows: number): string {
  const { open, middle, close } = openAiDialect.frame(request);
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });
  return Array.from({ length: rows }, (_, row) => `${open}r${row}${middle}${body}${close}\n`).join('');
}

async function untilEnded(provider: OpenedProvider, id: string): Promise<RemoteBatch> {
  for (;;) {
    const batch = await provider.getBatch(id, never);
    if (['completed', 'failed', 'expired', 'cancelled'].includes(batch.status)) return batch;
    await sleep(20, never);
  }
}

async function answeredIds(path: string): Promise<readonly string[]> {
  const reader = createAnswerReader({ dialect: openAiDialect, endpoint, needs: new Set(['text']) });
  const ids: string[] = [];
  for await (const { buffer, count, starts, ends } of readLineBlocks(path, { signal: never })) {
    for (let line = 0; line < count; line += 1) {
      const result = reader.read(buffer, starts[line] ?? 0, ends[line] ?? 0);
      if (result.kind === 'ok') ids.push(result.customId);
    }
  }
  return ids;
}

test('takes a batch from upload to answers', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'batchline-roundtrip-'));
  await using emulator = await startEmulator({
    dataDir: join(folder, 'emulator'),
    apiKey: 'sk-right',
    latencyMs: 50,
  });
  const provider = await openProvider({ base_url: emulator.url, api_key: 'sk-right' });
  await provider.check(never);

  const path = join(folder, 'requests.jsonl');
  await writeFile(path, requestFile(50));
  const { fileId } = await provider.upload(
    { path, name: 'batchline-a.jsonl', bytes: 0, expiresAfter: 86_400 },
    never,
  );
  const metadata = { batchline_run: 'r', batchline_chunk: '1' };
  const created = await provider.createBatch(
    { inputFileId: fileId, endpoint, completionWindow: '24h', metadata, outputExpiresAfter: 86_400 },
    never,
  );
  expect(created).toMatchObject({ inputFileId: fileId, metadata });
  const listed = await Array.fromAsync(provider.listBatches(never));
  expect(listed).toEqual([expect.objectContaining({ id: created.id, metadata })]);

  const ended = await untilEnded(provider, created.id);
  expect(ended).toMatchObject({ status: 'completed', counts: { total: 50 } });
  const output = join(folder, 'output.jsonl');
  const { bytes } = await provider.download(ended.outputFileId ?? '', output, never);
  expect(bytes).toBe((await readFile(output)).length);
  const ids = await answeredIds(output);
  expect(ids.toSorted()).toEqual(Array.from({ length: 50 }, (_, row) => `r${row}`).toSorted());

  await provider.deleteFile(fileId, never);
  await provider.deleteFile(fileId, never);
});

test('refuses a wrong key before anything is sent', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'batchline-key-'));
  await using emulator = await startEmulator({ dataDir: folder, apiKey: 'sk-right' });
  const provider = await openProvider({ base_url: emulator.url, api_key: 'sk-wrong-0001' });
  const failure = provider.check(never);
  await expect(failure).rejects.toMatchObject({ code: 'provider_unauthorized', retryable: false });
  await expect(failure).rejects.not.toThrow('sk-wrong-0001');
});
