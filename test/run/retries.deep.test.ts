import { describe, expect, it } from 'vitest';
import { acceptedBatches, paidLines } from '../support/bill.ts';
import { failedWith, neverRan, type ResultLine } from '../support/result-rewriter.ts';
import { answers, errorsOf, expected, rowCount, scene, useNotes } from './scene.ts';
import { rewriting, serverError, contentPolicy, row5Fails, spoil } from './retries-scene.ts';

useNotes();

describe('rows that fail in a way that passes', () => {
  it('are sent again where the batch has no result file at all', async () => {
    await using setting = await scene(
      rewriting((lines, batch) => ({ output: batch > 1 ? lines : null, errors: null })),
    );
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount, failed: 0 });
    expect(acceptedBatches(await setting.emulator.bill())).toBe(2);
  });

  it('are given up after ten submissions where the provider never runs them', async () => {
    await using setting = await scene(
      rewriting((lines) => ({
        output: lines.filter((line) => line.custom_id !== '7'),
        errors: lines.filter((line) => line.custom_id === '7').map((line) => neverRan(line, 'batch_expired')),
      })),
    );
    expect((await setting.project.summary(1)).rows).toMatchObject({ ok: rowCount - 1, failed: 1 });
    expect(acceptedBatches(await setting.emulator.bill())).toBe(10);
    expect(await errorsOf(setting.project)).toMatchObject([
      { key: '7', stage: 'request', code: 'never_ran', attempts: 0 },
    ]);
  });

  it('are sent again over several files', async () => {
    const seen = new Set<string>();
    await using setting = await scene(
      rewriting((lines) => {
        const fresh = lines.filter((line) => !seen.has(line.custom_id));
        for (const { custom_id: id } of fresh) seen.add(id);
        const failed = fresh.filter((line) => Number(line.custom_id) % 3 !== 0);
        return {
          output: lines.filter((line) => !failed.includes(line)),
          errors: failed.map((line) => failedWith(line, 503, serverError)),
        };
      }),
      { batch: { max_requests: 3 } },
    );
    const summary = await setting.project.summary();
    expect(summary.rows).toMatchObject({ requested: rowCount, ok: rowCount, failed: 0, pending: 0 });
    expect(await answers()).toEqual(expected((id) => (id % 3 === 0 ? 1 : 2)));
    expect(paidLines(await setting.emulator.bill())).toHaveLength(rowCount + 8);
  });
});

describe('rows that fail for good', () => {
  it('are no failure of the run within max_failed_rows', async () => {
    await using setting = await scene(rewriting(row5Fails), { rest: { max_failed_rows: 1 } });
    expect((await setting.project.summary(0)).status).toBe('completed_with_failures');
    expect((await setting.project.summary(0, '--full-refresh', '--max-failed-rows', '10%')).rows.failed).toBe(
      1,
    );
    expect((await setting.project.summary(1, '--full-refresh', '--max-failed-rows', '5%')).rows.failed).toBe(
      1,
    );
  });

  it('have the first success of the two files win, whatever else they say', async () => {
    await using setting = await scene(
      rewriting((lines) => ({
        output: [...lines, ...lines, { ...(lines[0] as ResultLine), custom_id: 'stranger' }, '{"broken'],
        errors: lines.map((line) => failedWith(line, 400, contentPolicy)),
      })),
    );
    const { code, stderr } = await setting.project.run();
    expect(code).toBe(0);
    expect(stderr).toMatch(/1 answers to no row.* 1 unreadable/);
    expect(await answers()).toEqual(expected(() => 1));
  });
});

describe('answers that do not fit the schema', () => {
  const output = {
    schema: {
      type: 'object',
      properties: { tag: { type: 'string' } },
      required: ['tag'],
      additionalProperties: false,
    },
  };

  const firstAnswersSpoilt = rewriting((lines, batch) => ({
    output: batch > 1 ? lines : lines.map(spoil),
    errors: null,
  }));

  it('fail by on_invalid: fail', async () => {
    await using setting = await scene(firstAnswersSpoilt, { request: { output } });
    expect((await setting.project.summary(1)).rows).toMatchObject({ ok: 0, failed: rowCount });
    expect(acceptedBatches(await setting.emulator.bill())).toBe(1);
    const failures = await errorsOf(setting.project);
    expect(failures).toHaveLength(rowCount);
    expect(failures[0]).toMatchObject({ stage: 'answer', attempts: 1, key: '1' });
  });
});
