import { readFile, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { paidLines } from '../support/bill.ts';
import { promptAnswer } from '../support/chat-answer.ts';
import { rewriting } from './retries-scene.ts';
import { answers, expected, rowCount, scene, useNotes } from './scene.ts';
import { halfUnread, mend } from './unreadable-results-scene.ts';

useNotes();

it('holds rows whose answers cannot be told apart, until a person says what becomes of them', async () => {
  await using setting = await scene(rewriting(halfUnread));
  const { project, emulator } = setting;
  for (const _try of [1, 2]) {
    const { code, stderr } = await project.run();
    expect(code).toBe(1);
    for (const word of ['6 rows', '6 lines', '--lost', 'load', 'cancel', '--new-run', 'output-00001'])
      expect(stderr).toContain(word);
  }
  const { run_id: runId, ...held } = await project.status();
  expect(held).toMatchObject({ status: 'failed', rows: { ok: 6, failed: 0, pending: 6 }, cost_usd: null });
  const path = project.path(`.pipeline/runs/${runId}/output-00001.jsonl`);
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  await writeFile(path, `${lines.map(mend).join('\n')}\n`);
  expect((await project.cli('load', 'pipeline.yaml', '--run', runId)).code).toBe(0);
  expect(await project.cli('status', runId, '--json').then(costIn)).toBeGreaterThan(0);
  expect((await project.summary()).rows).toMatchObject({ ok: rowCount, failed: 0, pending: 0 });
  expect(await answers()).toEqual(expected(() => 1));
  expect(paidLines(await emulator.bill())).toHaveLength(rowCount);
});

it('sends rows again whose answers were given up, and only them', async () => {
  await using setting = await scene(rewriting(halfUnread));
  const { project, emulator } = setting;
  expect((await project.run()).code).toBe(1);
  expect((await project.cli('retry', 'pipeline.yaml', '--lost')).code).toBe(0);
  expect(paidLines(await emulator.bill())).toHaveLength(rowCount + 6);
  expect((await answers()).map(({ answer }) => answer)).toContain(promptAnswer('note 2'));
  // What was given up was perhaps paid for.
  expect((await project.status()).cost_usd).toBeNull();
});

function costIn({ stdout }: { readonly stdout: string }): number | null {
  return (JSON.parse(stdout) as { readonly cost_usd: number | null }).cost_usd;
}
