import { open } from 'node:fs/promises';
import { wholeLines } from './line-reader.ts';

const blockBytes = 1 << 20;

/**
 * Reads some lines of a file of ours, in the file's order, at constant memory.
 *
 * @param wanted line numbers from 0, ascending
 * @returns each line's bytes without the line feed; a buffer is good until the next is asked for
 */
export async function* storedLines(path: string, wanted: readonly number[]): AsyncGenerator<Buffer> {
  await using file = await open(path, 'r');
  const blocks = file.createReadStream({ highWaterMark: blockBytes, autoClose: false });
  let next = 0;
  let line = 0;
  for await (const { buffer: bytes } of wholeLines(blocks)) {
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
      if (line === wanted[next]) {
        yield bytes.subarray(start, end);
        next += 1;
        if (next === wanted.length) return;
      }
      start = end + 1;
      line += 1;
    }
  }
}
