import { closeSync, openSync, readSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { parseStoredJson } from '../core/exact-json.ts';
import { errorCode } from '../core/errors.ts';
import type { Value } from '../core/value.ts';
import { rowsGone } from './rows-gone.ts';

/** What the rows file keeps of an item, to join its answer with. */
export interface ChunkRow {
  readonly customId: string;
  readonly key: readonly string[];
  readonly carried: Readonly<Record<string, Value>>;
  readonly requestHash: string | null;
  /** Of a record's first piece, how many pieces there are. */
  readonly pieceCount: number | null;
}

// Above this a rows file is read line by line from the disk's cache instead of being held in memory.
const heldBytes = 32 << 20;

/** The rows file of one chunk, by line. */
export class ChunkRows implements Disposable {
  readonly #ends: Uint32Array;
  readonly #held: Buffer | null;
  readonly #file: number | null;
  readonly customIds: readonly string[];

  private constructor(
    held: Buffer | null,
    file: number | null,
    ends: Uint32Array,
    customIds: readonly string[],
  ) {
    this.#held = held;
    this.#file = file;
    this.#ends = ends;
    this.customIds = customIds;
  }

  static async open(path: string, rows: number): Promise<ChunkRows> {
    const bytes = await readRows(path);
    const { ends, customIds } = index(path, bytes, rows);
    const { size } = await stat(path);
    return size <= heldBytes
      ? new ChunkRows(bytes, null, ends, customIds)
      : new ChunkRows(null, openSync(path, 'r'), ends, customIds);
  }

  row(line: number): ChunkRow {
    const customId = this.customIds[line] ?? '';
    const start = line === 0 ? 0 : (this.#ends[line - 1] ?? 0) + 1;
    const length = (this.#ends[line] ?? 0) - start;
    if (length === customId.length + 4)
      return { customId, key: [customId], carried: {}, requestHash: null, pieceCount: null };
    return parseRow(this.#read(start, length));
  }

  #read(start: number, length: number): string {
    if (this.#held !== null) return this.#held.toString('utf8', start, start + length);
    const bytes = Buffer.allocUnsafe(length);
    if (this.#file !== null) readSync(this.#file, bytes, 0, length, start);
    return bytes.toString('utf8');
  }

  [Symbol.dispose](): void {
    if (this.#file !== null) closeSync(this.#file);
  }
}

async function readRows(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw errorCode(error) === 'ENOENT' ? rowsGone(path, 'is gone', error) : error;
  }
}

/** Where each line ends and the custom_id it begins with: `["id"]` or `["id",[...],{...},"hash"]`. */
function index(path: string, bytes: Buffer, rows: number): { ends: Uint32Array; customIds: string[] } {
  const ends = new Uint32Array(rows);
  const customIds: string[] = [];
  for (let line = 0, start = 0; line < rows; line += 1) {
    const end = bytes.indexOf(0x0a, start);
    if (end === -1) throw rowsGone(path, `has ${line} lines where ${rows} were sealed`);
    ends[line] = end;
    // An id has no character that JSON would escape, so it ends at the next quotation mark.
    customIds.push(bytes.toString('latin1', start + 2, bytes.indexOf(0x22, start + 2)));
    start = end + 1;
  }
  return { ends, customIds };
}

/** What a line of a rows file says; also one with more behind, as a follower's has. */
export function parseRow(line: string): ChunkRow {
  const [customId, key, carried, requestHash, behind] = parseStoredJson(line) as [
    string,
    readonly string[],
    Readonly<Record<string, Value>>,
    string | null,
    number | string | undefined,
  ];
  return { customId, key, carried, requestHash, pieceCount: typeof behind === 'number' ? behind : null };
}
