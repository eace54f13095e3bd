import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import {
  database,
  useBuildLoad,
  rowCount,
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

describe('a build', () => {
  it('writes batch files, the rows of each and a manifest, and needs no provider', async () => {
    await using project = await built();
    const names = (await readdir(project.path('out'))).sort();
    const numbers = ['00001', '00002', '00003', '00004'];
    expect(names).toEqual([
      'manifest.json',
      ...numbers.map((number) => `requests-${number}.jsonl`),
      ...numbers.map((number) => `rows-${number}.jsonl`),
    ]);
    const manifest = JSON.parse(await readFile(project.path('out/manifest.json'), 'utf8')) as object;
    expect(manifest).toMatchObject({
      pipeline: expect.stringContaining('batchline-project') as string,
      endpoint: '/v1/chat/completions',
    });
    expect((await stat(project.path('out/requests-00001.jsonl'))).mode & 0o777).toBe(0o600);
    expect((await project.status()).rows).toMatchObject({ requested: rowCount, pending: rowCount, ok: 0 });
  });
});

describe('loading', () => {
  it('takes results as they come, and is harmless to repeat', async () => {
    await using project = await built();
    await mkdir(project.path('results'));
    const [first = [], ...others] = await completeAll(project);
    // One was paid for and broken off, so that its row waits for another.
    const brokenOff = (others[0]?.[0] ?? '').replace('"finish_reason":"stop"', '"finish_reason":"abort"');
    await writeFile(project.path('results/a.jsonl'), jsonLines([...first, brokenOff]));
    const partial = await load(project, 3, '--results', 'results');
    expect(partial.rows).toMatchObject({ requested: rowCount, ok: 15, failed: 0, pending: 45 });
    expect(partial.status).toBe('waiting');
    expect(await loaded()).toEqual(expected(first.map(idOf)));

    const repeated = await load(project, 3, '--results', 'results');
    expect(repeated.rows).toEqual(partial.rows);
    expect(partial.cost_usd).toBeGreaterThan(0);
    expect([repeated.cost_usd, repeated.tokens]).toEqual([partial.cost_usd, partial.tokens]);

    for (const [index, lines] of others.entries()) {
      await writeFile(project.path(`results/b${index}.jsonl`), jsonLines(lines));
    }
    const whole = await load(project, 0, '--build', 'out', '--results', 'results');
    expect(whole.status).toBe('completed');
    expect(whole.rows).toMatchObject({ ok: rowCount, failed: 0, pending: 0 });
    expect(whole.tokens.output).toBeGreaterThan(partial.tokens.output);
    expect(await loaded()).toEqual(expected());

    expect((await load(project, 0, '--results', 'results/*.jsonl')).rows).toEqual(whole.rows);
    expect(await loaded()).toEqual(expected());
  });

  it.each([
    ['upsert', ''],
    ['insert', `${rowCount} rows were left out because they were loaded before`],
  ])('fills a table that was emptied, or says what it leaves out: %s', async (mode, warning) => {
    await using project = await built({ mode });
    await writeFile(project.path('all.jsonl'), jsonLines((await completeAll(project)).flat()));
    const first = await load(project, 0, '--results', 'all.jsonl');
    await database.client.query('DELETE FROM answers');
    const { code, stdout, stderr } = await project.cli(
      'load',
      'pipeline.yaml',
      '--json',
      '--results',
      'all.jsonl',
    );
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({
      code: 0,
      rows: first.rows,
      tokens: first.tokens,
    });
    expect(stderr).toContain(warning);
    expect(await loaded()).toEqual(mode === 'upsert' ? expected() : new Map());
  });

  it('keeps the first answer of a row, whatever other files say later', async () => {
    await using project = await built();
    const lines = (await completeAll(project)).flat();
    await writeFile(project.path('all.jsonl'), jsonLines(lines));
    await load(project, 0, '--results', 'all.jsonl');
    await writeFile(
      project.path('other.jsonl'),
      jsonLines(lines).replaceAll('"content":"', '"content":"other '),
    );
    const { stderr } = await project.cli('load', 'pipeline.yaml', '--results', 'other.jsonl');
    expect(stderr).toContain(`${rowCount} rows were left out`);
    expect(await loaded()).toEqual(expected());
  });

  it('gives rows up with --final: with what was last heard of them, or as missing', async () => {
    await using project = await built();
    const lines = (await completeAll(project)).flat();
    const failedIds = new Set([3, 4]);
    const missingIds = new Set([20, 21, 59]);
    const results = lines
      .filter((line) => !missingIds.has(idOf(line)))
      .map((line) => (failedIds.has(idOf(line)) ? overloaded(line) : line));
    await writeFile(project.path('all.jsonl'), jsonLines(results));
    const waiting = await load(project, 3, '--results', 'all.jsonl');
    expect(waiting.rows).toMatchObject({ ok: 55, failed: 0, pending: 5 });
    const final = await load(project, 1, '--results', 'all.jsonl', '--final');
    expect(final.status).toBe('completed_with_failures');
    expect(final.rows).toMatchObject({ ok: 55, failed: 5, pending: 0 });
    const { stdout } = await project.cli('errors', 'pipeline.yaml', '--json');
    const failures = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { key: string; code: string; message: string });
    expect(new Map(failures.map(({ key, code }) => [key, code]))).toEqual(
      new Map([
        ['note/3', 'overloaded'],
        ['note/4', 'overloaded'],
        ['note/20', 'missing'],
        ['note/21', 'missing'],
        ['note/59', 'missing'],
      ]),
    );
  });
});
