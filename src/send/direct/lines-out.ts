/** So many lines beyond those under way may wait to be sent again before no more are taken up. */
const mostWaiting = 200;
const mostBytes = 64e6;

/** The lines that were taken up and have no answer yet: as many as memory holds, however many come to nothing. */
export class LinesOut {
  readonly #most: number;
  readonly #lines = new Set<Promise<void>>();
  #bytes = 0;
  #changed = Promise.withResolvers<void>();

  /** @param concurrency the most lines under way */
  constructor(concurrency: number) {
    this.#most = concurrency + mostWaiting;
  }

  /** Resolves when another line may be taken up. */
  async room(stop: AbortSignal): Promise<void> {
    while (this.#lines.size >= this.#most || this.#bytes >= mostBytes) await this.#changed.promise;
    stop.throwIfAborted();
  }

  /** @param asking resolves once the line is answered, or is not to be sent any more; never rejects */
  add(bytes: number, asking: Promise<void>): void {
    this.#bytes += bytes;
    const line = asking.finally(() => {
      this.#lines.delete(line);
      this.#bytes -= bytes;
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    });
    this.#lines.add(line);
  }

  async empty(): Promise<void> {
    await Promise.all(this.#lines);
  }
}
