import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { PipelineProject } from '../support/pipeline-process.ts';
import { parseLines } from './scene.ts';
import {
  useDedupe,
  textCount,
  all,
  database,
  type Block,
  pipeline,
  answersIn,
  expected,
  paid,
  start,
} from './dedupe-scene.ts';

useDedupe();

async function errorIds(project: PipelineProject): Promise<readonly number[]> {
  const { stdout } = await project.cli('errors', 'pipeline.yaml', '--json');
  return parseLines(stdout)
    .map(({ key }) => Number(key))
    .sort((a, b) => a - b);
}

const asksLike = (leader: number) => all.filter((id) => id % textCount === leader % textCount);

describe('rows that ask the same', () => {
  it('are skipped where they did not change, whoever else asks the same', async () => {
    await using scene = await start();
    await scene.project.summary();
    await database.client.query('DELETE FROM answers WHERE id IN (1, 7, 13, 20)');
    expect((await scene.project.summary()).rows).toMatchObject({ skipped: 56, requested: 4, ok: 4 });
    expect(await paid(scene.emulator)).toBe(textCount + 2);
    const answers = await answersIn('answers');
    expect(answers.map(({ id, answer }) => [id, answer])).toEqual(
      expected(all).map(({ id, answer }) => [id, answer]),
    );
  });

  it.each([
    ['an inserting sink', { mode: 'insert' }],
    ['a source that is read in one pass', {}, { table: undefined, query: 'SELECT * FROM notes ORDER BY id' }],
  ])('stand there once: %s', async (_, sink: Block, source: Block = {}) => {
    // Without a unique index, so that a row that was loaded twice would show.
    if (sink['mode'] === 'insert')
      await database.client.query(
        'CREATE TABLE answers (id bigint, answer text, place text, tokens bigint, attempt bigint)',
      );
    await using scene = await start({ sink, source });
    expect((await scene.project.summary()).rows).toMatchObject({ requested: 60, ok: 60 });
    expect(await answersIn('answers')).toEqual(expected(all));
    expect(await paid(scene.emulator)).toBe(textCount);
  });

  it('stand in a file', async () => {
    const sink = { type: 'jsonl', path: 'answers.jsonl', columns: { answer: 'text' } };
    await using scene = await start({
      sink: { ...sink, url: undefined, table: undefined, create: undefined },
    });
    expect((await scene.project.summary()).rows).toMatchObject({ requested: 60, ok: 60 });
    const lines = parseLines(await readFile(scene.project.path('answers.jsonl'), 'utf8'));
    expect(
      lines.map(({ id, answer }) => [Number(id), answer]).sort((a, b) => Number(a[0]) - Number(b[0])),
    ).toEqual(expected(all).map(({ id, answer }) => [id, answer]));
    expect(await paid(scene.emulator)).toBe(textCount);
  });

  it('fail with the one that asked first, and are reopened with it', async () => {
    await using scene = await start(
      { batch: { max_requests: 6 } },
      { rows: [{ fault: 'status', status: 400, custom_ids: ['3'], attempts: 2 }] },
    );
    const { project, emulator } = scene;
    const { run_id: runId, rows } = await project.summary(1);
    expect(rows).toMatchObject({ requested: 60, ok: 50, failed: 10, pending: 0 });
    expect(await errorIds(project)).toEqual(asksLike(3));
    const { stdout } = await project.cli('errors', 'pipeline.yaml', '--json');
    const reasons = parseLines(stdout).map(({ stage, code, attempts, batch_id: id }) => ({
      stage,
      code,
      attempts,
      id,
    }));
    expect(new Set(reasons.map((reason) => JSON.stringify(reason))).size).toBe(1);
    expect(reasons[0]).toMatchObject({ stage: 'request', attempts: 1 });
    const failed = parseLines(await readFile(`${project.stateDir}/runs/${runId}/failed-rows.jsonl`, 'utf8'));
    expect(failed.filter(({ same_as: leader }) => leader === '3')).toHaveLength(9);
    // It fails once more, and then no longer.
    expect(await project.cli('retry', runId)).toMatchObject({ code: 1 });
    expect(await errorIds(project)).toEqual(asksLike(3));
    expect(await project.cli('retry', runId)).toMatchObject({ code: 0 });
    expect(await answersIn('answers')).toEqual(expected(all));
    expect((await project.status()).rows).toMatchObject({ requested: 60, ok: 60, failed: 0, pending: 0 });
    expect(await paid(emulator)).toBe(textCount + 2);
  });

  it.each([['upsert'], ['insert']])('fail alone where they cannot be loaded, by %s', async (mode) => {
    // Row 4 asks first, row 33 follows row 3.
    await database.client.query(`
      CREATE TABLE answers (id bigint PRIMARY KEY, answer text, place text, tokens bigint, attempt bigint,
        CONSTRAINT fits CHECK (place NOT IN ('place 33', 'place 4')))`);
    await using scene = await start({ sink: { mode } });
    const { project, emulator } = scene;
    const { run_id: runId, rows } = await project.summary(1);
    expect(rows).toMatchObject({ requested: 60, ok: 58, failed: 2, pending: 0 });
    expect(await errorIds(project)).toEqual([4, 33]);
    expect(await answersIn('answers')).toEqual(expected(all.filter((id) => id !== 4 && id !== 33)));
    await database.client.query('ALTER TABLE answers DROP CONSTRAINT fits');
    expect(await project.cli('retry', runId)).toMatchObject({ code: 0 });
    expect(await answersIn('answers')).toEqual(expected(all));
    expect((await project.status()).rows).toMatchObject({ requested: 60, ok: 60, failed: 0, pending: 0 });
    expect(await paid(emulator)).toBe(textCount);
  });

  it.each([
    { keep: 'loaded', end: { code: 0, stderr: expect.any(String) }, loaded: expected(all) },
    {
      keep: 'failed',
      end: { code: 1, stderr: expect.stringContaining('60 answers are no longer kept') },
      loaded: [],
    },
  ])('are loaded again from saved answers, keep_files: $keep', async ({ keep, end, loaded }) => {
    await using scene = await start({ rest: { keep_files: keep } });
    const { project, emulator } = scene;
    const { run_id: runId } = await project.summary();
    expect(await answersIn('answers')).toEqual(expected(all));
    await project.write('pipeline.yaml', pipeline(emulator.url, { sink: { table: 'others' } }));
    const { code, stderr } = await project.cli('load', 'pipeline.yaml', '--run', runId);
    expect({ code, stderr }).toEqual(end);
    expect(await answersIn('others')).toEqual(loaded);
    expect((await project.status()).rows).toMatchObject({ requested: 60, ok: 60, failed: 0 });
  });

  it('of a run that is cancelled take what was salvaged', async () => {
    // The second file hangs after one of its two answers; the third file is never answered.
    await using scene = await start(
      {},
      {
        batches: [
          { fault: 'stuck', status: 'in_progress', after: 0.5, batches: [2] },
          { fault: 'stuck', status: 'in_progress', after: 0, batches: [3] },
        ],
      },
    );
    const { project, emulator } = scene;
    const { run_id: runId } = await project.summary(3, '--no-wait');
    await expect
      .poll(async () => (await project.cli('collect', '--json')) && (await project.status()).rows.ok)
      .toBe(20);
    expect(await project.cli('cancel', runId)).toMatchObject({ code: 0 });
    const { rows } = await project.status();
    expect(rows).toMatchObject({ requested: 60, ok: 30, failed: 0, pending: 30 });
    expect(await answersIn('answers')).toHaveLength(30);
    // What was not salvaged is bought by the next run, once.
    const before = await paid(emulator);
    expect((await project.summary()).rows).toMatchObject({ skipped: 30, requested: 30, ok: 30 });
    expect(await paid(emulator)).toBe(before + 3);
    expect(await answersIn('answers')).toHaveLength(60);
  });
});
