import { hash } from 'node:crypto';
import type { WireText } from '../core/wire-text.ts';

/**
 * Computes `request_hash`: the hex SHA-256 of `v1\n`, the endpoint's URL, `\n` and the body's bytes as sent
 * (contract section 3). The recipe never changes without a new prefix.
 */
export class RequestHash {
  readonly #prefixLength: number;
  #scratch: Buffer;

  constructor(url: string) {
    this.#scratch = Buffer.from(`v1\n${url}\n`);
    this.#prefixLength = this.#scratch.length;
  }

  ofText(body: WireText): string {
    const length = this.#reserve(body.length);
    this.#scratch.write(body, this.#prefixLength, 'latin1');
    return hash('sha256', this.#scratch.subarray(0, length), 'hex');
  }

  #reserve(bodyLength: number): number {
    const length = this.#prefixLength + bodyLength;
    if (length > this.#scratch.length) {
      const larger = Buffer.allocUnsafeSlow(length * 2);
      this.#scratch.copy(larger, 0, 0, this.#prefixLength);
      this.#scratch = larger;
    }
    return length;
  }
}
