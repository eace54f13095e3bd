import { beforeAll, describe, expect, test } from 'vitest';
import { answers, errorsOf, runSql, scene, useNotes } from './scene.ts';
import { rewriteResults, type ResultLine } from '../support/result-rewriter.ts';
import type { Middleware } from '../support/proxy.ts';
import { peakOf, useSmallHeap } from '../support/small-heap.ts';

useNotes();

/** An ordinary run takes some 130 MB; what is small enough to be read is held a few times over. */
const ceilingMb = 400;
const untouched = (): Middleware => (_request, forward) => forward();

describe('a row above the largest that is read', () => {
  beforeAll(() =>
    runSql(`
      CREATE TABLE papers (id bigint PRIMARY KEY, body text, doc jsonb);
      INSERT INTO papers SELECT n, 'note ' || n, '{"a": 1}' FROM generate_series(1, 12) n;
      UPDATE papers SET doc = jsonb_build_object('a', repeat('x', 40000000)) WHERE id = 3;
      UPDATE papers SET body = repeat('y', 300000000) WHERE id = 5;
      UPDATE papers SET body = repeat('z', 9000000), doc = to_jsonb(repeat('z', 9000000)) WHERE id = 7;
      UPDATE papers SET doc = (repeat('[', 3000) || repeat(']', 3000))::jsonb WHERE id = 9;
      UPDATE papers SET doc = (SELECT jsonb_agg('{}'::jsonb) FROM generate_series(1, 3000000)) WHERE id = 8;
      UPDATE papers SET doc = (repeat('[', 1000) || repeat(']', 1000))::jsonb WHERE id = 10;
      UPDATE papers SET body = repeat('w', 9000000) WHERE id = 11`),
  );

  const failed: readonly (readonly [string, string])[] = [
    ['3', 'row_too_large'],
    ['5', 'row_too_large'],
    ['7', 'row_too_large'],
    ['8', 'row_too_large'],
    ['9', 'nested_too_deep'],
  ];

  test.each([
    ['in pages', { table: 'papers' }, {}],
    ['in one pass', { table: undefined, query: 'SELECT * FROM papers' }, {}],
    ['in ranges', { table: 'papers', partitions: 2 }, {}],
    [
      'by a filter',
      { table: 'papers' },
      { transforms: [{ type: 'filter', where: 'body != "" && doc != null' }] },
    ],
    [
      'by truncate',
      { table: 'papers' },
      { transforms: [{ type: 'truncate', field: 'body', max_tokens: 10_000_000 }] },
    ],
  ])('fails alone, read %s', async (_name, source, rest) => {
    await using at = await scene(untouched, {
      source,
      rest,
      request: { prompt: '{{ body }} {{ doc }}' },
      sink: { columns: { answer: 'text', attempt: 'attempt', doc: 'row.doc' } },
    });
    useSmallHeap(at.project);
    const { code, stderr } = await at.project.run();
    expect({ code, stderr }).toMatchObject({ code: 1 });
    const errors = await errorsOf(at.project);
    expect(new Map(errors.map(({ key, code: why }) => [key, why]))).toEqual(new Map(failed));
    expect(errors.map(({ stage }) => stage)).toEqual(failed.map(() => 'render'));
    expect((await answers()).map(({ id }) => id)).toEqual([1, 2, 4, 6, 10, 11, 12]);
    expect(peakOf(stderr)).toBeLessThan(ceilingMb);
  });

  test('fails alone where small values make a request that is too large', async () => {
    await using at = await scene(untouched, {
      request: { prompt: '{{ wide }}'.repeat(400) },
      source: {
        table: undefined,
        query: `SELECT id, CASE WHEN id = 4 THEN repeat('x', 1000000) ELSE body END AS wide FROM notes`,
      },
    });
    useSmallHeap(at.project);
    const { code, stderr } = await at.project.run();
    expect({ code, stderr }).toMatchObject({ code: 1 });
    expect(await errorsOf(at.project)).toMatchObject([{ key: '4', stage: 'render', code: 'line_too_long' }]);
    expect(peakOf(stderr)).toBeLessThan(ceilingMb);
  });
});

/** The part is put in as text: to write so much by JSON.stringify would be too much here, too. */
function withPart(line: ResultLine, json: string): string {
  const body = { ...(line.response?.body as object), extra: 'PART' };
  const whole = JSON.stringify({ ...line, response: { status_code: 200, body } });
  return whole.replace('"PART"', () => json);
}

describe('a result line', () => {
  const nested = `${'['.repeat(3000)}${']'.repeat(3000)}`;

  test.each([
    ['above the longest that is read', `"${'x'.repeat(64_000_000)}"`, 'answer_too_large'],
    ['nested too deep', nested, 'nested_too_deep'],
  ])('%s fails as the answer of its row and is not bought again', async (_name, part, why) => {
    const rewrite = (target: string) =>
      rewriteResults(target, (lines) => ({
        output: lines.map((line) => (line.custom_id === '5' ? withPart(line, part) : line)),
        errors: null,
      }));
    await using at = await scene(rewrite, {
      sink: { columns: { answer: 'text', attempt: 'attempt', body: 'body' } },
    });
    useSmallHeap(at.project);
    const { code, stderr } = await at.project.run();
    expect({ code, stderr }).toMatchObject({ code: 1 });
    expect(await errorsOf(at.project)).toMatchObject([{ key: '5', stage: 'answer', code: why, attempts: 1 }]);
    expect((await answers()).map(({ id }) => id)).toEqual([1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12]);
    expect(peakOf(stderr)).toBeLessThan(ceilingMb);
    const again = await at.project.summary();
    expect(again.rows).toMatchObject({ requested: 0, skipped: 12 });
  });
});
