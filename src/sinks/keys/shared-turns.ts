/** Tasks that may run beside one another, and tasks that run alone, in the order in which they come. */
export class SharedTurns {
  #last: Promise<unknown> = Promise.resolve();
  #shared: Promise<unknown>[] = [];

  async shared<T>(task: () => Promise<T>): Promise<T> {
    const run = this.#last.then(task);
    this.#shared.push(settled(run));
    return run;
  }

  async alone<T>(task: () => Promise<T>): Promise<T> {
    const before = Promise.all([this.#last, ...this.#shared]);
    this.#shared = [];
    const run = before.then(task);
    this.#last = settled(run);
    return run;
  }
}

async function settled(task: Promise<unknown>): Promise<void> {
  try {
    await task;
  } catch {
    // Whoever began it is told.
  }
}
