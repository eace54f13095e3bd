import { readLineBlocks } from '../files/line-reader.ts';
import type { RequestLines } from '../request/request-lines.ts';

/** The lines of a requests file with more estimated tokens than so many, each with its tokens; lines count from 0. */
export async function linesOver(
  path: string,
  lines: RequestLines,
  tokens: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, number>> {
  const over = new Map<number, number>();
  let line = 0;
  for await (const block of readLineBlocks(path, { signal })) {
    for (let index = 0; index < block.count; index += 1, line += 1) {
      const found = lines.tokensOf(block.buffer.subarray(block.starts[index] ?? 0, block.ends[index] ?? 0));
      if (found > tokens) over.set(line, found);
    }
  }
  return over;
}
