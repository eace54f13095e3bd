/**
 * A signal that is aborted by another one or after so long, and leaves nothing behind: `AbortSignal.timeout` keeps its
 * timer, and `AbortSignal.any` its place at the other signal, long after an answer has come, which adds up over some
 * ten thousand answers.
 */
export class TimeLimit implements Disposable {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  readonly #timer: NodeJS.Timeout;

  constructor(outer: AbortSignal, ms: number) {
    this.#outer = outer;
    this.#timer = setTimeout(() => {
      this.#controller.abort(new DOMException('The answer took too long.', 'TimeoutError'));
    }, ms);
    if (outer.aborted) this.#onAbort();
    outer.addEventListener('abort', this.#onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#outer.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => this.#controller.abort(this.#outer.reason);
}
