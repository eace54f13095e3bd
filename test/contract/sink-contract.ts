import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OpenedSink, SinkContext } from '../../src/core/sink.ts';
import { column, mark, resultBatch, sinkContext } from '../sinks/support.ts';

/** A place that a sink of one kind can fill, empty at first. */
export interface SinkPlace extends AsyncDisposable {
  /** Folder that relative paths start from. */
  readonly baseDir: string;
  /** Opens the sink, as one process would; several may be opened one after the other. */
  open(context: SinkContext): Promise<OpenedSink>;
}

const key = [column('id', 'bigint'), column('part', 'text')];
const columns = [column('text'), column('doc', 'jsonb'), column('score', 'double precision')];

const rows = resultBatch(2, [
  ['1', 'a', 'plain', { a: [1n, null] }, 0.5],
  ['1', 'b, "c"\n', 'NUL \0 and \ud800', ['\0'], null],
  ['2', 'a', null, null, -1e300],
]);

const more = resultBatch(2, [
  ['3', '', '', 'text', 7],
  ['4', 'ü', 'tab\t, comma, "quote"\r\n', true, 8],
]);

/** What every sink holds after `rows` and `more`; numbers and JSON are printed in each sink's own way. */
const expected = [
  ['1', 'a', 'plain'],
  ['1', 'b, "c"\n', 'NUL \uFFFD and \uFFFD'],
  ['2', 'a', null],
  ['3', '', ''],
  ['4', 'ü', 'tab\t, comma, "quote"\r\n'],
];

/** What the sink shows of the key and the text. */
async function held(sink: OpenedSink): Promise<(string | null)[][]> {
  const sample = await sink.sample(100);
  expect(sample.columns).toEqual(['id', 'part', 'text', 'doc', 'score']);
  return sample.rows.map((row) => row.slice(0, 3));
}

/** What every sink does, whatever it writes to. */
export function describeSink(name: string, createPlace: () => Promise<SinkPlace>): void {
  describe(`the ${name} sink`, () => {
    let place: SinkPlace;
    beforeEach(async () => {
      place = await createPlace();
    });
    afterEach(() => place[Symbol.asyncDispose]());

    const open = (signal?: AbortSignal): Promise<OpenedSink> =>
      place.open(sinkContext(key, columns, { baseDir: place.baseDir, ...(signal && { signal }) }));

    test('loads, and shows the first rows', async () => {
      await using sink = await open();
      await sink.rehearse();
      await sink.prepare();
      expect(await sink.load(rows, mark('1'))).toEqual({ failures: [], cleaned: 1 });
      expect(await sink.load(more, mark('2'))).toEqual({ failures: [], cleaned: 0 });
      await sink.finish(rows.length + more.length);
      expect(await held(sink)).toEqual(expected);
      expect((await sink.sample(2)).rows).toHaveLength(2);
      const { rows: sampled } = await sink.sample(1);
      expect(JSON.parse(sampled[0]?.[3] ?? '')).toEqual({ a: [1, null] });
      expect(Number(sampled[0]?.[4])).toBe(0.5);
      expect(sink.target).not.toBe('');
    });

    test('a load that is repeated, in the same process and after another begins, counts once', async () => {
      {
        await using sink = await open();
        await sink.prepare();
        const first = await sink.load(rows, mark('1'));
        expect(await sink.load(rows, mark('1'))).toEqual(first);
      }
      await using sink = await open();
      await sink.prepare();
      expect(await sink.load(rows, mark('1'))).toEqual({ failures: [], cleaned: 1 });
      await sink.load(more, mark('2'));
      await sink.finish(rows.length + more.length);
      expect(await held(sink)).toEqual(expected);
    });

    test('takes two loads at once', async () => {
      await using sink = await open();
      await sink.prepare();
      await Promise.all([sink.load(rows, mark('1')), sink.load(more, mark('2'))]);
      await sink.finish(rows.length + more.length);
      const found = await held(sink);
      expect(found).toHaveLength(expected.length);
      expect(found).toEqual(expect.arrayContaining(expected));
    });

    test('a finish may be repeated, by a later process too', async () => {
      {
        await using sink = await open();
        await sink.prepare();
        await sink.load(rows, mark('1'));
        await sink.load(more, mark('2'));
        await sink.finish(rows.length + more.length);
        await sink.finish(rows.length + more.length);
      }
      await using sink = await open();
      expect(await held(sink)).toEqual(expected);
    });

    test('an empty load and a run without rows are fine', async () => {
      await using sink = await open();
      await sink.prepare();
      const none = { length: 0, customIds: [], keys: [[], []], columns: [[], [], []], requestHashes: [] };
      expect(await sink.load(none, mark('1'))).toEqual({ failures: [], cleaned: 0 });
      await sink.finish(0);
      expect(await held(sink)).toEqual([]);
    });

    test('an abort ends it with its reason, and what was loaded before stands', async () => {
      const abort = new AbortController();
      {
        await using sink = await open(abort.signal);
        await sink.prepare();
        await sink.load(rows, mark('1'));
        abort.abort(new Error('stopped by the user'));
        await expect(sink.load(more, mark('2'))).rejects.toThrow('stopped by the user');
      }
      await using sink = await open();
      await sink.prepare();
      await sink.load(more, mark('2'));
      await sink.finish(rows.length + more.length);
      expect(await held(sink)).toEqual(expected);
    });

    test('answers for each key whether it is unchanged', async () => {
      await using sink = await open();
      await sink.prepare();
      await sink.load(rows, mark('1'));
      const found = await sink.findUnchanged(
        [
          ['1', 'a'],
          ['9', 'a'],
        ],
        ['hash-0', 'hash-0'],
      );
      expect(found).toEqual([sink.keepsHash, false]);
    });
  });
}
