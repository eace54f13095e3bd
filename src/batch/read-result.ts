import type { ClassifiedResult } from '../core/batch-result.ts';
import { longestRow } from '../core/longest-row.ts';
import { readLineBlocks, type LineBlock } from '../files/line-reader.ts';
import type { AnswerReader } from '../results/answer-reader.ts';

/** Reads a file of results. A line that is above the longest costs its row and no memory. */
export function readResultBlocks(path: string, signal: AbortSignal): AsyncGenerator<LineBlock> {
  return readLineBlocks(path, { signal, longest: longestRow });
}

/** What a line of a block says. */
export function readResult(
  reader: Pick<AnswerReader, 'read' | 'readCut'>,
  { buffer, starts, ends, cutFrom }: LineBlock,
  line: number,
): ClassifiedResult {
  return cutFrom === null
    ? reader.read(buffer, starts[line] ?? 0, ends[line] ?? 0)
    : reader.readCut(buffer, cutFrom);
}
