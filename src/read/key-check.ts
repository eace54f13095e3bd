import { open, readFile, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { BatchlineError } from '../core/errors.ts';
import { keyDigest } from '../core/key.ts';
import { fromWire, type WireText } from '../core/wire-text.ts';
import { ScratchDatabase } from '../files/scratch-database.ts';
import { makeFolder } from '../files/make-folder.ts';

/** Watches over the uniqueness of keys where the source does not rule out duplicates itself; at constant memory. */
export interface KeyCheck extends AsyncDisposable {
  /** Takes a row's key in. @returns false where the row is to be skipped, since an earlier one has its key */
  admit(key: WireText, position: string): boolean;
  /** Makes room after a batch of rows. */
  settle(): Promise<void>;
  /** @throws BatchlineError `duplicate_key` where two rows of one key were taken in */
  verdict(): Promise<void>;
}

const partitions = 256;
const partitionBytes = 1 << 15;
const digestBytes = 16;

/**
 * Finds duplicates after the reading: rows are dealt out by their key's hash, so that two rows of one key meet in the
 * same one of 256 parts, and each part is then small enough to be looked through in memory.
 */
export class PartitionedKeyCheck implements KeyCheck {
  readonly #folder: string;
  readonly #parts = Array.from({ length: partitions }, () => new Part());

  constructor(folder: string) {
    this.#folder = join(folder, 'keys');
  }

  admit(key: WireText, position: string): boolean {
    const digest = keyDigest(key);
    this.#parts[digest[0] ?? 0]?.add(digest, `${fromWire(key)}\0${position}`);
    return true;
  }

  async settle(): Promise<void> {
    for (const [number, part] of this.#parts.entries()) {
      if (part.heldBytes < partitionBytes) continue;
      await makeFolder(this.#folder, 0o700);
      await part.spill(join(this.#folder, String(number)));
    }
  }

  async verdict(): Promise<void> {
    for (const part of this.#parts) {
      const pair = findPair(await part.bytes());
      if (pair !== null) throw duplicateKey(pair);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const part of this.#parts) await part.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/**
 * Entries of a digest, the length of the text and the text, held in memory until there are many. They are held back to
 * back: a million small buffers would outlive many collections of garbage, and cost more than all else here.
 */
class Part {
  #held: Buffer<ArrayBuffer> = Buffer.alloc(0);
  #file: { readonly handle: FileHandle; readonly path: string } | null = null;
  heldBytes = 0;

  add(digest: Buffer, text: string): void {
    const textBytes = Buffer.byteLength(text);
    const at = this.#reserve(digestBytes + 4 + textBytes);
    digest.copy(this.#held, at);
    this.#held.writeUInt32LE(textBytes, at + digestBytes);
    this.#held.write(text, at + digestBytes + 4);
  }

  async spill(path: string): Promise<void> {
    this.#file ??= { handle: await open(path, 'w', 0o600), path };
    await this.#file.handle.appendFile(this.#entries());
    this.heldBytes = 0;
  }

  async bytes(): Promise<Buffer> {
    const held = this.#entries();
    return this.#file === null ? held : Buffer.concat([await readFile(this.#file.path), held]);
  }

  async close(): Promise<void> {
    await this.#file?.handle.close();
  }

  /** Makes room for an entry and returns where it begins. */
  #reserve(bytes: number): number {
    const at = this.heldBytes;
    this.heldBytes += bytes;
    if (this.heldBytes > this.#held.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(4096, this.heldBytes, this.#held.length * 2));
      this.#held.copy(larger, 0, 0, at);
      this.#held = larger;
    }
    return at;
  }

  #entries(): Buffer {
    return this.#held.subarray(0, this.heldBytes);
  }
}

interface DuplicatePair {
  readonly key: string;
  readonly first: string;
  readonly second: string;
}

function findPair(entries: Buffer): DuplicatePair | null {
  const seen = new Map<string, number>();
  for (let at = 0; at < entries.length;) {
    const digest = entries.toString('latin1', at, at + digestBytes);
    const earlier = seen.get(digest);
    if (earlier !== undefined) return toPair(textAt(entries, earlier), textAt(entries, at));
    seen.set(digest, at);
    at += digestBytes + 4 + entries.readUInt32LE(at + digestBytes);
  }
  return null;
}

function textAt(entries: Buffer, at: number): string {
  const start = at + digestBytes + 4;
  return entries.toString('utf8', start, start + entries.readUInt32LE(at + digestBytes));
}

function toPair(first: string, second: string): DuplicatePair {
  const split = first.lastIndexOf('\0');
  return {
    key: first.slice(0, split),
    first: first.slice(split + 1),
    second: second.slice(second.lastIndexOf('\0') + 1),
  };
}

function duplicateKey({ key, first, second }: DuplicatePair): BatchlineError {
  return new BatchlineError(
    'duplicate_key',
    `Two rows have the key ${JSON.stringify(key)}: ${first} and ${second}.`,
    {
      hint: 'Make source.key unique (a list of columns may be needed), or set source.on_duplicate_key: first to keep the first row of each.',
      exitCode: 2,
    },
  );
}

/** Lets the first row of each key pass; the keys seen are kept in a database file of the run. */
export class FirstRowWins implements KeyCheck {
  readonly #database: ScratchDatabase;
  readonly #insert;

  constructor(folder: string) {
    this.#database = new ScratchDatabase(
      join(folder, 'keys.db'),
      'CREATE TABLE seen (digest BLOB PRIMARY KEY) WITHOUT ROWID',
    );
    this.#insert = this.#database.prepare('INSERT OR IGNORE INTO seen VALUES (?)');
  }

  admit(key: WireText): boolean {
    return this.#insert.run(keyDigest(key)).changes === 1;
  }

  async settle(): Promise<void> {}

  async verdict(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]();
  }
}
