import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acceptedBatches, paidLines } from '../support/bill.ts';
import type { PipelineProject } from '../support/pipeline-process.ts';
import { failedWith, neverRan, type ResultLine } from '../support/result-rewriter.ts';
import { answers, errorsOf, expected, parseLines, rowCount, scene, useNotes } from './scene.ts';
import { rewriting, serverError, row5Fails, spoil } from './retries-scene.ts';

useNotes();

const isOdd = ({ custom_id: id }: ResultLine) => Number(id) % 2 === 1;

const rateLimit = { code: 'rate_limit_exceeded', message: 'Rate limit reached.' };

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

  it('are asked for again by on_invalid: retry', async () => {
    await using setting = await scene(firstAnswersSpoilt, {
      request: { output: { ...output, on_invalid: 'retry' } },
    });
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount, failed: 0 });
    expect(acceptedBatches(await setting.emulator.bill())).toBe(2);
    expect(await errorsOf(setting.project)).toEqual([]);
  });
});
