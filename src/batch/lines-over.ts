import { readLineBlocks } from '../files/line-reader.ts';

/** The lines of a requests file that are larger than `most`, each with its size; lines count from 0. */
export async function linesOver(
  path: string,
  sizeOf: (line: Buffer) => number,
  most: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, number>> {
  const over = new Map<number, number>();
  let line = 0;
  for await (const block of readLineBlocks(path, { signal })) {
    for (let index = 0; index < block.count; index += 1, line += 1) {
      const found = sizeOf(block.buffer.subarray(block.starts[index] ?? 0, block.ends[index] ?? 0));
      if (found > most) over.set(line, found);
    }
  }
  return over;
}
