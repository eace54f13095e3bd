import { errorCode } from '../core/errors.ts';
import { readLines } from '../files/line-reader.ts';
import type { RequestLines } from '../request/request-lines.ts';
import { rowsGone } from './rows-gone.ts';

/** The requests of a sealed file: their ids, and how many prompt tokens each is estimated to have. */
export class SentRequests {
  readonly #places = new Map<string, number>();
  readonly #tokens: Uint32Array;

  private constructor(requests: number) {
    this.#tokens = new Uint32Array(requests);
  }

  /** @param path of the file as it was sent, with so many requests. @throws BatchlineError `rows_gone` */
  static async read(
    path: string,
    requests: number,
    lines: RequestLines,
    signal: AbortSignal,
  ): Promise<SentRequests> {
    const sent = new SentRequests(requests);
    try {
      for await (const block of readLines(path, signal))
        for (const line of block.lines) sent.#add(lines.idOf(line), lines.tokensOf(line));
    } catch (error) {
      throw errorCode(error) === 'ENOENT' ? rowsGone(path, 'is gone', error) : error;
    }
    return sent;
  }

  #add(customId: string, tokens: number): void {
    this.#tokens[this.#places.size] = tokens;
    this.#places.set(customId, this.#places.size);
  }

  get count(): number {
    return this.#places.size;
  }

  /** Where a request stands in the file; -1 where none has the id. */
  placeOf(customId: string): number {
    return this.#places.get(customId) ?? -1;
  }

  tokensAt(place: number): number {
    return this.#tokens[place] ?? 0;
  }
}
