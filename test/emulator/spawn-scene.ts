import { chatBody, requestLine } from './client.ts';

export const { signal } = new AbortController();

export const lines = Array.from({ length: 500 }, (_, row) => requestLine(`r${row}`, chatBody(`row ${row}`)));

export async function health(url: string): Promise<{ pid: number; users: number } | null> {
  const reply = await fetch(new URL('/emulator/health', url)).catch(() => null);
  return reply === null ? null : ((await reply.json()) as { pid: number; users: number });
}
