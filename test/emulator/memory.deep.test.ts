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
