const blockSize = 65_536;
/** Above this much a buffer that one large batch needed is given back. */
const keepSize = 16 * 1024 * 1024;

/**
 * Bytes of one COPY, written once and sent in blocks. It is used again for the next batch, when the server has
 * confirmed this one and nothing refers to its blocks any more.
 */
export class CopyBuffer {
  #bytes = Buffer.allocUnsafeSlow(4 * blockSize);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  clear(): void {
    if (this.#bytes.length > keepSize) this.#bytes = Buffer.allocUnsafeSlow(4 * blockSize);
    this.#length = 0;
  }

  /** Takes back what was written after `length`. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** Makes room for `size` bytes and counts them as written; returns where they begin in `bytes`. */
  reserve(size: number): number {
    const start = this.#length;
    const end = start + size;
    if (end > this.#bytes.length) this.#grow(end);
    this.#length = end;
    return start;
  }

  /** Appends text as UTF-8; returns the number of bytes. */
  writeText(text: string): number {
    const start = this.#length;
    // A UTF-16 code unit takes three bytes at most.
    const end = start + text.length * 3;
    if (end > this.#bytes.length) this.#grow(end);
    const written = this.#bytes.write(text, start, 'utf8');
    this.#length = start + written;
    return written;
  }

  *blocks(): Generator<Buffer> {
    for (let start = 0; start < this.#length; start += blockSize)
      yield this.#bytes.subarray(start, Math.min(start + blockSize, this.#length));
  }

  #grow(atLeast: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(atLeast, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
