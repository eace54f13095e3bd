import { readFile } from 'node:fs/promises';
import { isMap, type JsonMap } from '../../core/json.ts';

/** How the ids of files begin that hold requests which came with their batch. */
export const inlineIds = 'ginline-';

/** A line as a file of requests has it; its key holds what the result needs: its place and its metadata. */
export function inlineLine(index: number, metadata: unknown, request: JsonMap): string {
  return `${JSON.stringify({ key: JSON.stringify([index, metadata ?? null]), request })}\n`;
}

/** The results of such a batch, in the order of its requests. */
export async function inlineResponses(path: string): Promise<readonly JsonMap[]> {
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
  return lines
    .map((line) => {
      const { key, ...result } = JSON.parse(line) as JsonMap;
      const [index, metadata] = JSON.parse(String(key)) as [number, unknown];
      return { index, response: { ...result, ...(isMap(metadata) ? { metadata } : {}) } };
    })
    .sort((one, other) => one.index - other.index)
    .map(({ response }) => response);
}
