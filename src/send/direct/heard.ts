/** When the provider has last answered a request. */
export class Heard {
  #at: number;
  #isAny = false;

  /** @param now since when it is listened to */
  constructor(now: number) {
    this.#at = now;
  }

  /** In milliseconds since 1970; the beginning where it has answered none. */
  get at(): number {
    return this.#at;
  }

  get isAny(): boolean {
    return this.#isAny;
  }

  answer(now: number): void {
    this.#at = now;
    this.#isAny = true;
  }
}
