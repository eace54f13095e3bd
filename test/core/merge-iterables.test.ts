import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { mergeIterables, type Merged } from '../../src/core/merge-iterables.ts';

const nothing = () => {};

test('yields every value once, each iterable in its own order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.array(fc.nat(), { maxLength: 6 }), { maxLength: 5 }),
      async (scheduler, lists) => {
        const merged = collect(
          mergeIterables(
            lists.map((list) => scheduled(list, scheduler)),
            nothing,
          ),
        );
        await scheduler.waitFor(merged);
        const values = await merged;
        for (const [from, list] of lists.entries()) {
          expect(values.filter((each) => each.from === from).map(({ value }) => value)).toEqual(list);
        }
        expect(values).toHaveLength(lists.flat().length);
      },
    ),
    { numRuns: 50 },
  );
});

test('asks for one value ahead and no more', async () => {
  let asked = 0;
  async function* endless() {
    for (;;) yield (asked += 1);
  }
  for await (const { value } of mergeIterables([endless()], nothing)) {
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toBeLessThanOrEqual(value + 1);
    if (value === 20) break;
  }
});

test('an error ends all of them, broken off before they are closed', async () => {
  const log: string[] = [];
  const stop = new AbortController();
  async function* waiting() {
    try {
      yield await new Promise<number>((_, reject) => {
        stop.signal.addEventListener('abort', () => reject(new Error('broken off')));
      });
    } finally {
      log.push('closed');
    }
  }
  const merged = mergeIterables([waiting(), failing('gone')], () => {
    log.push('broken off');
    stop.abort();
  });
  await expect(collect(merged)).rejects.toThrow('gone');
  expect(log).toEqual(['broken off', 'closed']);
});

async function* failing(message: string): AsyncGenerator<number> {
  yield await Promise.reject(new Error(message));
}

async function* scheduled<T>(list: readonly T[], scheduler: fc.Scheduler): AsyncGenerator<T> {
  for (const value of list) yield await scheduler.schedule(Promise.resolve(value));
}

async function collect<T>(merged: AsyncIterable<Merged<T>>): Promise<readonly Merged<T>[]> {
  const values: Merged<T>[] = [];
  for await (const each of merged) values.push(each);
  return values;
}
