import { hash } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import type { JsonMap } from '../../core/json.ts';
import { readLines } from '../../files/line-reader.ts';

/**
 * One line of the bill. An accepted batch is charged for each of its request lines, named by the hex SHA-256 of the
 * line's bytes without the line feed; a refused one is charged for nothing, a cancelled or expired one for what was answered.
 */
export type BillEntry =
  | {
      readonly event: 'accepted';
      readonly batch_id: string;
      readonly input_file_id: string;
      readonly endpoint: string;
      readonly metadata: Readonly<Record<string, string>> | null;
      readonly created_at: number;
      readonly requests: readonly string[];
    }
  /** A synchronous request that was answered, by the hex SHA-256 of its body, and when it came. */
  | { readonly event: 'asked'; readonly request: string; readonly at: number }
  | { readonly event: 'refused'; readonly batch_id: string }
  | { readonly event: 'cancelled' | 'expired'; readonly batch_id: string; readonly answered: number };

/** `bill.jsonl`: what the batches would have cost, written when they are accepted and never changed. */
export class Bill implements Disposable {
  readonly #path: string;
  readonly #file: number;

  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, 'a+', 0o600);
    dropTornLine(this.#file);
  }

  /** Resolved means synced. Synchronous, so that a batch and its entry appear in one turn of the event loop. */
  write(entry: BillEntry): void {
    writeSync(this.#file, `${JSON.stringify(entry)}\n`);
    fsyncSync(this.#file);
  }

  /** A synchronous request. Written but not synced: a client cannot tell, and each answer would wait for the disk. */
  noteAsked(body: JsonMap): void {
    const request = hash('sha256', JSON.stringify(body));
    const entry: BillEntry = { event: 'asked', request, at: Date.now() };
    writeSync(this.#file, `${JSON.stringify(entry)}\n`);
  }

  /** Whether a batch has an entry. */
  async names(batchId: string, signal: AbortSignal): Promise<boolean> {
    const mark = `"batch_id":"${batchId}"`;
    for await (const { lines } of readLines(this.#path, signal)) {
      if (lines.some((line) => line.includes(mark))) return true;
    }
    return false;
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

/** A process that dies while it writes leaves half a line, which its caller never heard of. */
function dropTornLine(file: number): void {
  const block = Buffer.alloc(65_536);
  let end = fstatSync(file).size;
  const size = end;
  while (end > 0) {
    const from = Math.max(0, end - block.length);
    const read = readSync(file, block, 0, end - from, from);
    const at = block.subarray(0, read).lastIndexOf(0x0a);
    if (at !== -1) {
      end = from + at + 1;
      break;
    }
    end = from;
  }
  if (end < size) ftruncateSync(file, end);
}
