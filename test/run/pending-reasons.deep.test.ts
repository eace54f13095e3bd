import { expect, it } from 'vitest';
import { failedWith, type Rewrite } from '../support/result-rewriter.ts';
import { rewriting } from './retries-scene.ts';
import { errorsOf, parseLines, scene, useNotes } from './scene.ts';
import { halfUnread } from './unreadable-results-scene.ts';

useNotes();

const quota = { code: 'insufficient_quota', message: 'You exceeded your current quota.' };
const fields = ['key', 'custom_id', 'stage', 'code', 'message', 'attempts', 'batch_id'];

const creditEnds: Rewrite = (lines) => ({
  output: lines.filter(({ custom_id: id }) => Number(id) <= 10),
  errors: lines.filter(({ custom_id: id }) => Number(id) > 10).map((line) => failedWith(line, 429, quota)),
});

it("lists rows that wait for the account's sake, and says that they wait", async () => {
  await using setting = await scene(rewriting(creditEnds));
  const { project: own } = setting;
  expect((await own.run()).code).toBe(1);
  const rows = await errorsOf(own);
  for (const row of rows) expect(Object.keys(row)).toEqual([...fields, 'pending']);
  expect(rows).toMatchObject(
    ['11', '12'].map((key) => ({
      key,
      stage: 'request',
      code: 'insufficient_quota',
      message: expect.stringContaining('quota'),
      batch_id: expect.stringContaining('batch_'),
      pending: true,
    })),
  );
  expect((await own.cli('errors', 'pipeline.yaml')).stdout).toMatch(
    /^11 {2}pending, request {2}insufficient_quota {2}/,
  );
  // They have not failed, so that there is nothing to retry.
  const { run_id: runId } = await own.status();
  const { code, stderr } = await own.cli('retry', runId, '--by', 'insufficient_quota');
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('pipeline run') });
});

it('lists rows whose answers could not be read', async () => {
  await using setting = await scene(rewriting(halfUnread));
  const { project: own } = setting;
  expect((await own.run()).code).toBe(1);
  const rows = await errorsOf(own);
  expect(rows.map(({ key }) => key)).toEqual(['2', '4', '6', '8', '10', '12']);
  for (const row of rows) expect(row).toMatchObject({ code: 'unreadable_results', pending: true });
  const { stdout } = await own.cli('errors', 'pipeline.yaml', '--by', 'code', '--json');
  expect(parseLines(stdout)).toMatchObject([{ code: 'unreadable_results', rows: 6, pending: true }]);
});
