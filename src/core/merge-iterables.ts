/** A value, and which of the iterables it came from. */
export interface Merged<T> {
  readonly from: number;
  readonly value: T;
}

type Arrival<T> =
  | { readonly from: number; readonly result: IteratorResult<T> }
  | { readonly from: number; readonly error: unknown };

/**
 * Yields what several iterables yield, as it comes. Each is asked for its next value when one of its values is taken,
 * so that no more than one a piece waits. The first error ends it.
 *
 * @param breakOff called before the iterators are closed, which wait for what they were asked for
 */
export async function* mergeIterables<T>(
  iterables: readonly AsyncIterable<T>[],
  breakOff: () => void,
): AsyncGenerator<Merged<T>> {
  const iterators = iterables.map((iterable) => iterable[Symbol.asyncIterator]());
  const arrived: Arrival<T>[] = [];
  let arrival = Promise.withResolvers<void>();
  const ask = async (iterator: AsyncIterator<T>, from: number): Promise<void> => {
    try {
      arrived.push({ from, result: await iterator.next() });
    } catch (error) {
      arrived.push({ from, error });
    }
    arrival.resolve();
  };
  try {
    for (const [from, iterator] of iterators.entries()) void ask(iterator, from);
    for (let open = iterators.length; open > 0;) {
      const next = arrived.shift();
      if (next === undefined) {
        arrival = Promise.withResolvers();
        await arrival.promise;
      } else if ('error' in next) {
        throw next.error;
      } else if (next.result.done === true) {
        open -= 1;
      } else {
        const { from } = next;
        void ask(iterators[from] as AsyncIterator<T>, from);
        yield { from, value: next.result.value };
      }
    }
  } finally {
    breakOff();
    await Promise.allSettled(iterators.map(async (iterator) => iterator.return?.()));
  }
}
