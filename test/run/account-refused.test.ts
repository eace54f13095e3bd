import { expect, it } from 'vitest';
import { failedWith, type ResultLine, type Rewrite } from '../support/result-rewriter.ts';
import { contentPolicy, rewriting, serverError } from './retries-scene.ts';
import { answers, errorsOf, expected, rowCount, scene, useNotes } from './scene.ts';

useNotes();

const quota = { code: 'insufficient_quota', message: 'You exceeded your current quota.' };

const isPaid = ({ custom_id: id }: ResultLine): boolean => Number(id) <= 3;

const empty = (line: ResultLine): ResultLine => {
  const text = JSON.stringify(line).replace(/"content":"(?:[^"\\]|\\.)*"/, '"content":""');
  return JSON.parse(text) as ResultLine;
};

const cut: Rewrite = (lines) => ({
  output: lines.map((line) =>
    JSON.stringify(line).replace('"finish_reason":"stop"', '"finish_reason":"length"'),
  ),
  errors: null,
});

const creditLasts: Rewrite = (lines, batch) => ({
  output: lines.filter((line) => batch > 2 || isPaid(line)),
  errors: lines.filter((line) => batch <= 2 && !isPaid(line)).map((line) => failedWith(line, 429, quota)),
});

it('goes on, where the account ran out of credit in the middle of a batch, with the rows that it left', async () => {
  await using setting = await scene(rewriting(creditLasts), { batch: { max_attempts: 1 } });
  const { project } = setting;
  for (const batches of [1, 2]) {
    const { code, stderr } = await project.run();
    expect(code).toBe(1);
    expect(stderr).toContain('9 with insufficient_quota');
    const { status, rows, batches: counts } = await project.status();
    expect({ status, rows, total: counts.total }).toMatchObject({
      status: 'failed',
      rows: { ok: 3, failed: 0, pending: 9 },
      total: batches,
    });
  }
  expect((await project.summary()).rows).toMatchObject({ ok: rowCount, failed: 0, pending: 0 });
  expect(await answers()).toEqual(expected(() => 1));
});

const threeFail: Rewrite = (lines, batch) => {
  const of = (id: string) => lines.filter((line) => line.custom_id === id);
  if (batch > 1) return { output: lines, errors: null };
  return {
    output: [...lines.filter(({ custom_id: id }) => !['2', '3', '5'].includes(id)), ...of('2').map(empty)],
    errors: [
      ...of('3').map((line) => failedWith(line, 500, serverError)),
      ...of('5').map((line) => failedWith(line, 400, contentPolicy)),
    ],
  };
};

it('remembers on the second night what failed by its own fault, and nothing else', async () => {
  await using setting = await scene(rewriting(threeFail), { batch: { max_attempts: 1 } });
  const { project } = setting;
  expect((await project.summary(1)).rows).toMatchObject({ ok: rowCount - 3, failed: 3 });
  expect((await errorsOf(project)).map(({ key, stage, code }) => [key, stage, code])).toEqual([
    ['2', 'answer', 'empty_answer'],
    ['3', 'request', 'server_error'],
    ['5', 'request', 'content_policy_violation'],
  ]);
  expect((await project.summary()).rows).toMatchObject({ skipped: rowCount - 1, requested: 1, ok: 1 });
  expect((await project.summary()).rows).toMatchObject({ skipped: rowCount, requested: 0 });
});

it('counts what was cut off, and names what to raise', async () => {
  await using setting = await scene(rewriting(cut));
  const { code, stdout, stderr } = await setting.project.run('--json');
  expect({ code, rows: (JSON.parse(stdout) as { rows: object }).rows }).toMatchObject({
    code: 0,
    rows: { ok: rowCount, truncated: rowCount },
  });
  expect(stderr).toContain('max_tokens');
});
