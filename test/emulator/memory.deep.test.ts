import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { spawnEmulator } from '../../src/emulator/spawn.ts';
import { connect, temporaryFolder } from './client.ts';

const { signal } = new AbortController();

/** The most memory that a process has held so far, in megabytes. */
async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1000;
}

test.runIf(process.platform === 'linux')('200 MB go in and out without being held', async () => {
  await using folder = await temporaryFolder();
  await using emulator = await spawnEmulator({ dataDir: folder.path, signal });
  const { pid } = (await (await fetch(new URL('/emulator/health', emulator.url))).json()) as { pid: number };
  const before = await peakMemory(pid);
  const piece = Buffer.alloc(1_000_000, 'x');
  const file = new File(
    Array.from({ length: 200 }, () => piece),
    'x.jsonl',
  );
  const client = connect(emulator.url);
  const { id, bytes } = await client.files.create({ purpose: 'batch', file });
  expect(bytes).toBe(200_000_000);
  let received = 0;
  const reply = await client.files.content(id);
  for await (const chunk of reply.body ?? []) received += (chunk as Uint8Array).length;
  expect(received).toBe(200_000_000);
  expect((await peakMemory(pid)) - before).toBeLessThan(100);
});

/** A create of Anthropic's, as large as it may be, made while it is sent. */
async function* largeCreate(bytes: number): AsyncGenerator<Buffer> {
  const text = 'x'.repeat(10_000);
  let sent = 0;
  yield Buffer.from('{"requests":[');
  for (let index = 0; sent < bytes; index += 1) {
    const params = { model: 'claude-haiku-4-5', max_tokens: 9, messages: [{ role: 'user', content: text }] };
    const element = JSON.stringify({ custom_id: `r${index}`, params });
    sent += element.length;
    yield Buffer.from(index === 0 ? element : `,${element}`);
  }
  yield Buffer.from(']}');
}

test.runIf(process.platform === 'linux')(
  '250 MB of requests go into a message batch, and their results out, without being held',
  async () => {
    await using folder = await temporaryFolder();
    await using emulator = await spawnEmulator({ dataDir: folder.path, signal });
    const { pid } = (await (await fetch(new URL('/emulator/health', emulator.url))).json()) as {
      pid: number;
    };
    const url = new URL('/v1/messages/batches', emulator.url).href;
    const headers = { 'x-api-key': 'any', 'anthropic-version': '2023-06-01' };
    const created = await fetch(url, {
      method: 'POST',
      headers,
      body: ReadableStream.from(largeCreate(250_000_000)),
      duplex: 'half',
    });
    expect(created.status).toBe(200);
    const { id } = (await created.json()) as { id: string };
    const results = async () => fetch(`${url}/${id}/results`, { headers });
    await expect.poll(async () => (await results()).status).toBe(200);
    let lines = 0;
    for await (const chunk of (await results()).body ?? [])
      for (const byte of chunk as Uint8Array) if (byte === 0x0a) lines += 1;
    expect(lines).toBeGreaterThan(24_000);
    expect(await peakMemory(pid)).toBeLessThan(300);
  },
);
