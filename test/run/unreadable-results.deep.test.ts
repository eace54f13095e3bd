import { readFile, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { paidLines } from '../support/bill.ts';
import { jsonResponse, type Middleware } from '../support/proxy.ts';
import type { ResultLine, Rewrite } from '../support/result-rewriter.ts';
import { rewriting } from './retries-scene.ts';
import { answers, expected, insertedIds, rowCount, runSql, scene, useNotes } from './scene.ts';
import { halfUnread, mend, withoutId } from './unreadable-results-scene.ts';

useNotes();

it.each<[string, (line: ResultLine) => string]>([
  ['have no id', withoutId],
  ['have ids that are not ours', (line) => JSON.stringify({ ...line, custom_id: `x${line.custom_id}` })],
  ['are no JSON', (line) => JSON.stringify(line).slice(0, 60)],
  [
    'lack their envelope',
    ({ custom_id, response }) => JSON.stringify({ custom_id, ...(response?.body as object) }),
  ],
])('buys nothing again where its result lines %s', async (_what, spoil) => {
  const rewrite: Rewrite = (lines) => ({ output: lines.map(spoil), errors: null, counts: null });
  await using setting = await scene(rewriting(rewrite));
  for (const _try of [1, 2]) {
    expect((await setting.project.run()).code).toBe(1);
    const status = await setting.project.status();
    expect(status).toMatchObject({ status: 'failed', rows: { pending: rowCount, failed: 0 } });
  }
  expect(paidLines(await setting.emulator.bill())).toHaveLength(rowCount);
});

const oneList: Rewrite = (lines) => ({ output: [JSON.stringify(lines)], errors: null });

it('buys no further batch as long as not one line of one can be read', async () => {
  let creates = 0;
  const middleware = (target: string): Middleware => {
    const rewritten = rewriting(oneList)(target);
    return (request, forward) => {
      const isCreate = request.method === 'POST' && request.path === '/batches';
      // Only the first run is turned down, so that its second file is still to be sent.
      if (isCreate && (creates += 1) === 2)
        return Promise.resolve(jsonResponse(400, { error: { message: 'No.' } }));
      return rewritten(request, forward);
    };
  };
  await using setting = await scene(middleware, { batch: { max_requests: rowCount / 2 } });
  const { project, emulator } = setting;
  expect((await project.run()).code).toBe(1);
  for (const _try of [1, 2])
    expect(await project.run()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--lost') as string,
    });
  expect(paidLines(await emulator.bill())).toHaveLength(rowCount / 2);
});

const oneMissing: Rewrite = (lines, batch) =>
  batch > 1
    ? { output: lines, errors: null }
    : {
        output: lines.filter(({ custom_id: id }) => id !== '3' && id !== '5'),
        // A line of ours that says nothing is a failure of the provider.
        errors: [{ custom_id: '5', response: null, error: null }],
        counts: { total: rowCount, completed: rowCount, failed: 0 },
      };

it('follows each row’s own rule beside those that are held, and ends when it is cancelled', async () => {
  await using setting = await scene(rewriting(oneMissing));
  const { project, emulator } = setting;
  const { code, stderr } = await project.run();
  expect(code).toBe(1);
  expect(stderr).toContain(`counts ${rowCount} results, of which ${rowCount - 1} could be read`);
  expect((await project.status()).rows).toMatchObject({ ok: rowCount - 1, failed: 0, pending: 1 });
  expect(paidLines(await emulator.bill())).toHaveLength(rowCount + 1);
  expect((await project.cli('cancel', 'pipeline.yaml')).code).toBe(0);
  expect((await project.status()).status).toBe('cancelled');
  expect(paidLines(await emulator.bill())).toHaveLength(rowCount + 1);
});

it('is left behind by --new-run, after which run does not come back to it', async () => {
  await using setting = await scene(rewriting(oneMissing));
  const { project, emulator } = setting;
  expect((await project.run()).code).toBe(1);
  expect((await project.summary(0, '--new-run')).rows).toMatchObject({ requested: 1, ok: 1 });
  expect((await project.summary()).rows).toMatchObject({ requested: 0 });
  expect(paidLines(await emulator.bill())).toHaveLength(rowCount + 2);
});

it('comes to the same where the process is killed when its results are there', async () => {
  await using setting = await scene(rewriting(halfUnread));
  const { project, emulator } = setting;
  const { child, result } = project.watch(['run', 'pipeline.yaml', '--log-format', 'json'], (line) => {
    if (line.includes('"BatchEnded"')) child.kill('SIGKILL');
  });
  await result;
  for (const _try of [1, 2]) expect((await project.run()).code).toBe(1);
  expect((await project.status()).rows).toMatchObject({ ok: 6, failed: 0, pending: 6 });
  expect(paidLines(await emulator.bill())).toHaveLength(rowCount);
  expect((await project.cli('retry', 'pipeline.yaml')).code).toBe(1);
  expect(paidLines(await emulator.bill())).toHaveLength(rowCount);
  expect((await project.cli('retry', 'pipeline.yaml', '--lost')).code).toBe(0);
  expect(await answers()).toEqual(expected(() => 1));
});

it('is read once more into a file, which becomes whole by the run that goes on', async () => {
  const sink = { type: 'jsonl', path: 'answers.jsonl', url: undefined, table: undefined, create: undefined };
  await using setting = await scene(rewriting(halfUnread), { sink, request: { dedupe: true } });
  const { project, emulator } = setting;
  expect((await project.run()).code).toBe(1);
  const { run_id: runId } = await project.status();
  const path = project.path(`.pipeline/runs/${runId}/output-00001.jsonl`);
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  await writeFile(path, lines.map((line) => `${mend(line)}\n`).join(''));
  expect((await project.cli('load', 'pipeline.yaml', '--run', runId)).code).toBe(0);
  expect((await project.summary()).rows).toMatchObject({ ok: rowCount, failed: 0, pending: 0 });
  expect((await project.read('answers.jsonl')).trimEnd().split('\n')).toHaveLength(rowCount);
  expect(paidLines(await emulator.bill())).toHaveLength(rowCount);
});

it('inserts what can be read after all once, where the sink only inserts', async () => {
  await runSql('CREATE TABLE answers (id bigint, answer text, attempt integer)');
  await using setting = await scene(rewriting(halfUnread), { sink: { mode: 'insert', create: false } });
  const { project } = setting;
  expect((await project.run('--new-run')).code).toBe(1);
  const { run_id: runId } = await project.status();
  expect((await project.cli('load', 'pipeline.yaml', '--run', runId)).code).toBe(1);
  expect(await insertedIds()).toEqual([1, 3, 5, 7, 9, 11]);
  expect((await project.cli('retry', runId, '--lost')).code).toBe(0);
  expect(await insertedIds()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});
