import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/emulator/random.ts';
import {
  useBuildLoad,
  rowCount,
  database,
  built,
  completeAll,
  jsonLines,
  load,
  loaded,
  expected,
  idOf,
  overloaded,
} from './build-load-scene.ts';

useBuildLoad();

function shuffled<T>(items: readonly T[]): readonly T[] {
  const random = new Random(7);
  return items
    .map((item) => ({ item, rank: random.next() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

describe('a build', () => {
  it('is not made over another one', async () => {
    await using project = await built();
    const again = await project.cli('build', 'pipeline.yaml', '--out', 'out');
    expect(again.code).toBe(2);
    expect(again.stderr).toMatch(/^error: .*build already.*out/m);
  });
});

describe('loading', () => {
  it('takes one file with the lines of all batches in any order', async () => {
    await using project = await built();
    const lines = shuffled((await completeAll(project)).flat());
    await writeFile(project.path('all.jsonl'), jsonLines(lines));
    const summary = await load(project, 0, '--results', 'all.jsonl');
    expect(summary.rows).toMatchObject({ ok: rowCount, pending: 0 });
    expect(await loaded()).toEqual(expected());
  });

  it('takes compressed files, and lets the first success of a row win', async () => {
    await using project = await built({ mode: 'insert' });
    const lines = shuffled((await completeAll(project)).flat());
    const other = lines.map((line) => line.replace(/"content":"Synthetic/, '"content":"Another'));
    await writeFile(project.path('1.jsonl.gz'), gzipSync(jsonLines(lines)));
    await writeFile(project.path('2.jsonl'), jsonLines(other));
    await load(project, 0, '--results', '1.jsonl.gz', '2.jsonl');
    expect(await loaded()).toEqual(expected());
    await load(project, 0, '--results', '2.jsonl');
    expect(await loaded()).toEqual(expected());
  });

  it('takes a later success for a row that had failed', async () => {
    await using project = await built();
    const lines = (await completeAll(project)).flat();
    await writeFile(
      project.path('first.jsonl'),
      jsonLines(lines.map((line) => (idOf(line) === 7 ? overloaded(line) : line))),
    );
    expect((await load(project, 3, '--results', 'first.jsonl')).rows).toMatchObject({ ok: 59, pending: 1 });
    await writeFile(project.path('second.jsonl'), jsonLines(lines.filter((line) => idOf(line) === 7)));
    const summary = await load(project, 0, '--results', 'second.jsonl');
    expect(summary.rows).toMatchObject({ ok: rowCount, failed: 0, pending: 0 });
    expect(await loaded()).toEqual(expected());
  });

  it.each(['upsert', 'insert'])(
    'records what the sink refuses, and takes it once it fits, by %s',
    async (mode) => {
      await database.client.query(
        `CREATE TABLE answers (id text PRIMARY KEY, answer text, body text CONSTRAINT odd CHECK (body <> 'body 9'))`,
      );
      await using project = await built({ mode });
      await writeFile(project.path('all.jsonl'), jsonLines((await completeAll(project)).flat()));
      const summary = await load(project, 1, '--results', 'all.jsonl');
      expect(summary.rows).toMatchObject({ ok: 59, failed: 1, pending: 0 });
      const { stdout } = await project.cli('errors', 'pipeline.yaml', '--json');
      expect(JSON.parse(stdout)).toMatchObject({ key: 'note/9', stage: 'load' });
      await database.client.query('ALTER TABLE answers DROP CONSTRAINT odd');
      const mended = await load(project, 0, '--results', 'all.jsonl');
      expect(mended).toMatchObject({ tokens: summary.tokens, rows: { ok: rowCount, failed: 0, pending: 0 } });
      expect(await loaded()).toEqual(expected());
    },
  );

  it('takes a success also after the row was given up', async () => {
    await using project = await built();
    const lines = (await completeAll(project)).flat();
    await writeFile(project.path('first.jsonl'), jsonLines(lines.filter((line) => idOf(line) !== 7)));
    await load(project, 1, '--results', 'first.jsonl', '--final');
    await writeFile(project.path('second.jsonl'), jsonLines(lines.filter((line) => idOf(line) === 7)));
    const summary = await load(project, 0, '--results', 'second.jsonl');
    expect(summary.rows).toMatchObject({ ok: rowCount, failed: 0, pending: 0 });
    expect(await loaded()).toEqual(expected());
  });

  it('never reads the source', async () => {
    await using project = await built();
    await writeFile(project.path('all.jsonl'), jsonLines((await completeAll(project)).flat()));
    await database.client.query('DROP TABLE notes');
    expect((await load(project, 0, '--results', 'all.jsonl')).rows).toMatchObject({ ok: rowCount });
    expect(await loaded()).toEqual(expected());
  });

  it('says what is missing', async () => {
    await using project = await built();
    const noResults = await project.cli('load', 'pipeline.yaml', '--results', 'nowhere');
    expect(noResults.code).toBe(2);
    expect(noResults.stderr).toMatch(/^error: .*result files.*nowhere/m);
    const noBuild = await project.cli('load', 'pipeline.yaml', '--build', 'other', '--results', 'out');
    expect(noBuild.code).toBe(2);
    expect(noBuild.stderr).toMatch(/^error: .*no finished build/m);
    const other = { ...(JSON.parse(await project.read('pipeline.yaml')) as object), name: 'other' };
    await project.write('other.yaml', other);
    const otherName = await project.cli('load', 'other.yaml', '--results', 'out');
    expect(otherName.stderr).toMatch(/^error: There is no finished build of other/m);
  });
});
