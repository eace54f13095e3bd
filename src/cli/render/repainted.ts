import type { Output } from '../context.ts';
import { textWidth } from './text-width.ts';

/** Lines at the bottom of a terminal that are drawn over themselves, with one write a frame. */
export class Repainted {
  readonly #output: Output;
  /** The widths of the lines that stand on the screen. */
  #drawn: readonly number[] = [];

  constructor(output: Output) {
    this.#output = output;
  }

  /** @param above what stays on the screen before them */
  draw(lines: readonly string[], above = ''): void {
    this.#output.write(`${this.#erase()}${above}${lines.map((line) => `${line}\n`).join('')}`);
    this.#drawn = lines.map(textWidth);
  }

  /** A terminal that became narrower has wrapped the lines, and a Ctrl-C leaves its own mark where the cursor is. */
  #erase(): string {
    const width = Math.max(1, this.#output.columns ?? 80);
    const rows = this.#drawn.reduce((sum, length) => sum + Math.max(1, Math.ceil(length / width)), 0);
    return rows === 0 ? '' : `\r\u001b[${rows}A\u001b[0J`;
  }
}
