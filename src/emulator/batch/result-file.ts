import { open, rm, type FileHandle } from 'node:fs/promises';
import { idOf, type ServerManners } from '../faults/server-manners.ts';
import type { BatchForm } from './batch-form.ts';
import type { FileStore } from '../state/file-store.ts';

const flushBytes = 1_000_000;

/** A result file that is being written; it becomes a file of the API when it is published, and only if it has lines. */
export class ResultFile implements AsyncDisposable {
  readonly #store: FileStore;
  readonly #id: string;
  readonly #purpose: string;
  readonly #handle: FileHandle;
  #pending: string[] = [];
  #pendingLength = 0;
  #bytes = 0;

  private constructor(store: FileStore, id: string, purpose: string, handle: FileHandle) {
    this.#store = store;
    this.#id = id;
    this.#purpose = purpose;
    this.#handle = handle;
  }

  static async create(
    store: FileStore,
    { prefix, purpose }: BatchForm['results'],
    manners: ServerManners | null,
  ): Promise<ResultFile> {
    const id = idOf(manners, prefix);
    return new ResultFile(store, id, purpose, await open(store.temporaryPath(id), 'w', 0o600));
  }

  append(line: string): void {
    this.#pending.push(line);
    this.#pendingLength += line.length;
  }

  /** Whether enough lines wait that they should be written. */
  get isFull(): boolean {
    return this.#pendingLength >= flushBytes;
  }

  async flush(): Promise<void> {
    if (this.#pendingLength === 0) return;
    const bytes = Buffer.from(this.#pending.join(''));
    this.#pending = [];
    this.#pendingLength = 0;
    this.#bytes += bytes.length;
    await this.#handle.writeFile(bytes);
  }

  /** @returns the file's id, or null where no line was written and it is not to be made all the same */
  async publish(filename: string, lifetimeSeconds: number | null, evenEmpty = false): Promise<string | null> {
    await this.flush();
    if (this.#bytes === 0 && !evenEmpty) return null;
    const bytes = this.#bytes;
    await this.#store.add({ id: this.#id, filename, purpose: this.#purpose, bytes, lifetimeSeconds });
    return this.#id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
    await rm(this.#store.temporaryPath(this.#id), { force: true });
  }
}
