import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acceptedBatches, paidLines } from '../support/bill.ts';
import type { PipelineProject } from '../support/pipeline-process.ts';
import type { Middleware } from '../support/proxy.ts';
import {
  failedWith,
  neverRan,
  rewriteResults,
  type ResultLine,
  type Rewrite,
} from '../support/result-rewriter.ts';
import { answers, errorsOf, expected, parseLines, rowCount, scene, useNotes } from './scene.ts';

useNotes();

function rewriting(rewrite: Rewrite): (target: string) => Middleware {
  return (target) => rewriteResults(target, rewrite);
}

const isOdd = ({ custom_id: id }: ResultLine) => Number(id) % 2 === 1;
const rateLimit = { code: 'rate_limit_exceeded', message: 'Rate limit reached.' };
const serverError = { code: 'server_error', message: 'The server had an error.' };
const contentPolicy = { code: 'content_policy_violation', message: 'This is "not" allowed.' };

async function failedRowsFile(project: PipelineProject): Promise<readonly Record<string, unknown>[]> {
  const { run_id: runId } = await project.status();
  return parseLines(await readFile(join(project.stateDir, 'runs', runId, 'failed-rows.jsonl'), 'utf8'));
}

describe('rows that fail in a way that passes', () => {
  it.each([
    ['with a 429', (line: ResultLine) => failedWith(line, 429, rateLimit), 2],
    ['with a 500', (line: ResultLine) => failedWith(line, 500, serverError), 2],
    ['since their batch expired', (line: ResultLine) => neverRan(line, 'batch_expired'), 1],
  ])('%s are sent again', async (_name, fail, attempt) => {
    await using setting = await scene(
      rewriting((lines, batch) =>
        batch > 1
          ? { output: lines, errors: null }
          : { output: lines.filter((line) => !isOdd(line)), errors: lines.filter(isOdd).map(fail) },
      ),
    );
    const summary = await setting.project.summary();
    expect(summary.status).toBe('completed');
    expect(summary.rows).toMatchObject({ requested: rowCount, ok: rowCount, failed: 0, pending: 0 });
    expect(summary.batches).toMatchObject({ total: 2, completed: 2 });
    expect(await answers()).toEqual(expected((id) => (id % 2 === 1 ? attempt : 1)));
    expect(paidLines(await setting.emulator.bill())).toHaveLength(rowCount + rowCount / 2);
  });

  it('count as missing where they stand in neither file, and are sent again', async () => {
    await using setting = await scene(
      rewriting((lines, batch) => ({
        output: batch > 1 ? lines : lines.filter((line) => !isOdd(line)),
        errors: null,
      })),
    );
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount, failed: 0 });
    expect(await answers()).toEqual(expected(() => 1));
  });

  it('are sent again where the batch has no result file at all', async () => {
    await using setting = await scene(
      rewriting((lines, batch) => ({ output: batch > 1 ? lines : null, errors: null })),
    );
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount, failed: 0 });
    expect(acceptedBatches(await setting.emulator.bill())).toBe(2);
  });

  it('are given up after batch.max_attempts', async () => {
    await using setting = await scene(
      rewriting((lines) => ({
        output: lines.filter((line) => line.custom_id !== '7'),
        errors: lines
          .filter((line) => line.custom_id === '7')
          .map((line) => failedWith(line, 500, serverError)),
      })),
      { batch: { max_attempts: 4 } },
    );
    const summary = await setting.project.summary(1);
    expect(summary.status).toBe('completed_with_failures');
    expect(summary.rows).toMatchObject({ requested: rowCount, ok: rowCount - 1, failed: 1, pending: 0 });
    expect(acceptedBatches(await setting.emulator.bill())).toBe(4);
    expect(await errorsOf(setting.project)).toMatchObject([
      { key: '7', stage: 'request', code: 'server_error', attempts: 4 },
    ]);
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

const row5Fails: Rewrite = (lines) => ({
  output: lines.filter((line) => line.custom_id !== '5'),
  errors: lines.filter((line) => line.custom_id === '5').map((line) => failedWith(line, 400, contentPolicy)),
});

describe('rows that fail for good', () => {
  it('are recorded with their reason and their request', async () => {
    await using setting = await scene(rewriting(row5Fails));
    const summary = await setting.project.summary(1);
    expect(summary.rows).toMatchObject({ ok: rowCount - 1, failed: 1 });
    const failure = {
      key: '5',
      custom_id: '5',
      stage: 'request',
      code: 'content_policy_violation',
      message: 'This is "not" allowed.',
      attempts: 1,
      batch_id: expect.stringMatching(/^batch_/),
    };
    expect(await errorsOf(setting.project)).toEqual([failure]);
    const [row] = await failedRowsFile(setting.project);
    const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'note 5' }] };
    expect({ ...row, request: JSON.parse(String(row?.['request'])) as unknown }).toEqual({
      ...failure,
      request: { custom_id: '5', method: 'POST', url: '/v1/chat/completions', body },
    });
  });

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

function spoil(line: ResultLine): ResultLine {
  const text = JSON.stringify(line).replace(/"content":"(?:[^"\\]|\\.)*"/, '"content":"no JSON"');
  return JSON.parse(text) as ResultLine;
}

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

  it('are asked for again by on_invalid: retry', async () => {
    await using setting = await scene(firstAnswersSpoilt, {
      request: { output: { ...output, on_invalid: 'retry' } },
    });
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount, failed: 0 });
    expect(acceptedBatches(await setting.emulator.bill())).toBe(2);
    expect(await errorsOf(setting.project)).toEqual([]);
  });
});
