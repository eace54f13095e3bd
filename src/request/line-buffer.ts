import type { WireText } from '../core/wire-text.ts';

// Blocks of this size are joined as strings and copied in one go: larger ones wait for a full collection.
const blockLength = 65_536;

/** Lines back to back in one growing buffer. */
export class LineBuffer {
  #buffer: Buffer;
  #used = 0;
  #block = '';
  readonly #ends: Uint32Array;
  #count = 0;

  /** @param capacity bytes to begin with; @param most the most lines that will be added */
  constructor(capacity: number, most: number) {
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(capacity, blockLength));
    this.#ends = new Uint32Array(most);
  }

  get length(): number {
    return this.#used + this.#block.length;
  }

  /** @param line ends in a line feed */
  add(line: WireText): void {
    this.#block += line;
    this.#ends[this.#count] = this.length;
    this.#count += 1;
    if (this.#block.length >= blockLength) this.#flush();
  }

  /** Everything added so far, and where each line ends. Nothing may be added afterwards. */
  finish(): { readonly bytes: Buffer; readonly ends: Uint32Array } {
    this.#flush();
    return { bytes: this.#buffer.subarray(0, this.#used), ends: this.#ends.subarray(0, this.#count) };
  }

  #flush(): void {
    const needed = this.#used + this.#block.length;
    if (needed > this.#buffer.length) this.#grow(needed);
    this.#used += this.#buffer.write(this.#block, this.#used, 'latin1');
    this.#block = '';
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#used);
    this.#buffer = larger;
  }
}
