import { describe, expect, it } from 'vitest';
import { promptAnswer } from '../support/chat-answer.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { useBoughtOnce, database, type Block, pipeline, newlyPaid, breakOff } from './bought-once-scene.ts';

useBoughtOnce();

describe('the next run of a pipeline whose table keeps request_hash', () => {
  it('sends everything with --full-refresh', async () => {
    await newlyPaid();
    await using project = await PipelineProject.create(pipeline());
    await project.summary();
    const second = await project.summary(0, '--full-refresh');
    expect(second.rows).toMatchObject({ skipped: 0, requested: 10, ok: 10 });
    expect(await newlyPaid()).toBe(20);
  });

  it('reads only what --limit and --where let through', async () => {
    await newlyPaid();
    await using project = await PipelineProject.create(pipeline());
    expect((await project.summary(0, '--limit', '6')).rows).toMatchObject({ records: 6, ok: 6 });
    const rest = await project.summary(0, '--where', 'id > 4');
    expect(rest.rows).toMatchObject({ records: 6, skipped: 2, ok: 4 });
    expect(await newlyPaid()).toBe(10);
  });

  it('remembers the rows that failed for good', async () => {
    await newlyPaid();
    await database.client.query(
      'CREATE TABLE answers (id bigint PRIMARY KEY CHECK (id NOT IN (3, 5)), answer text, request_hash text)',
    );
    await using project = await PipelineProject.create(pipeline());
    const first = await project.summary(1);
    expect(first.status).toBe('completed_with_failures');
    expect(first.rows).toMatchObject({ requested: 10, ok: 8, failed: 2, pending: 0 });
    expect(await newlyPaid()).toBe(10);
    expect((await project.summary()).rows).toMatchObject({ skipped: 10, requested: 0, failed: 0 });
    await database.client.query(`UPDATE notes SET body = 'other' WHERE id = 3`);
    expect((await project.summary(1)).rows).toMatchObject({ skipped: 9, requested: 1, failed: 1 });
    expect(await newlyPaid()).toBe(1);
    expect((await project.summary(1, '--full-refresh')).rows).toMatchObject({ ok: 8, failed: 2 });
  });

  it('never sends rows whose prompt is empty, and reports them once', async () => {
    await newlyPaid();
    await database.client.query(`UPDATE notes SET body = '' WHERE id IN (3, 5)`);
    await using project = await PipelineProject.create(pipeline());
    const first = await project.summary(1);
    expect(first.rows).toMatchObject({ requested: 10, ok: 8, failed: 2, pending: 0 });
    expect((await project.summary()).rows).toMatchObject({ skipped: 10, requested: 0, failed: 0 });
    await database.client.query(`UPDATE notes SET body = 'no longer empty' WHERE id = 3`);
    expect((await project.summary()).rows).toMatchObject({ skipped: 9, requested: 1, ok: 1 });
    expect(await newlyPaid()).toBe(9);
    expect((await project.summary(0, '--full-refresh', '--max-failed-rows', '1')).status).toBe(
      'completed_with_failures',
    );
  });
});

describe('an unfinished run', () => {
  it('reads no more than its --limit, also when it was broken off', async () => {
    await newlyPaid();
    await using project = await PipelineProject.create(pipeline({ batch: { max_requests: 2 } }));
    await breakOff(project, '--limit', '6');
    expect((await project.summary(0, '--limit', '6')).rows).toMatchObject({
      records: 6,
      requested: 6,
      ok: 6,
    });
    expect(await newlyPaid()).toBe(6);
  });

  it('takes up what may change at any time', async () => {
    await newlyPaid();
    await using project = await PipelineProject.create(pipeline());
    await breakOff(project);
    await database.client.query('ALTER TABLE answers ADD COLUMN model text');
    const changed = pipeline({
      batch: { max_requests: 3 },
      sink: { columns: { answer: 'text', model: 'model' } },
    });
    await project.write('pipeline.yaml', { ...changed, max_failed_rows: '10%' });
    expect((await project.summary()).rows).toMatchObject({ records: 10, requested: 10, ok: 10 });
    expect(await newlyPaid()).toBe(10);
    const { rows } = await database.client.query('SELECT DISTINCT model FROM answers');
    expect(rows).toEqual([{ model: 'gpt-4o-mini' }]);
  });
});

describe('rows of one key', () => {
  it('are one row by on_duplicate_key: first', async () => {
    await newlyPaid();
    const query = `SELECT v.id, v.body FROM (VALUES (1, 'a'), (2, 'b'), (1, 'c'), (2, ''), (3, 'd')) v (id, body)`;
    const { source } = pipeline() as { source: Block };
    await using project = await PipelineProject.create({
      ...pipeline(),
      source: { ...source, table: undefined, query, on_duplicate_key: 'first' },
    });
    expect((await project.summary()).rows).toMatchObject({
      records: 5,
      read: 5,
      skipped: 2,
      requested: 3,
      ok: 3,
      failed: 0,
    });
    const { rows } = await database.client.query('SELECT id, answer FROM answers ORDER BY id');
    expect(rows).toEqual([
      { id: 1, answer: promptAnswer('a') },
      { id: 2, answer: promptAnswer('b') },
      { id: 3, answer: promptAnswer('d') },
    ]);
    expect(await newlyPaid()).toBe(3);
  });
});
