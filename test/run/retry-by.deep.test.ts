import { expect, it } from 'vitest';
import type { FaultsInput } from '../../src/emulator/faults/faults.ts';
import { paidLines } from '../support/bill.ts';
import { createEmulator } from '../support/emulator.ts';
import { errorsOf, parseLines, project, rowCount, useNotes } from './scene.ts';

useNotes();

/** Rows 5 and 6 fail once in ways of their own, row 7 is answered and does not fit the sink. */
const faults: FaultsInput = {
  rows: [
    {
      fault: 'status',
      status: 400,
      body: { error: { message: 'Too long.', code: 'too_long' } },
      custom_ids: ['5'],
      attempts: 1,
    },
    { fault: 'refusal', text: 'I cannot.', custom_ids: ['6'], attempts: 1 },
  ],
};
const columns = { answer: 'row.id == 7 ? text.nothing : text', attempt: 'attempt' };

it('retries only the rows that failed with one code', async () => {
  await using emulator = await createEmulator({ faults });
  await using own = await project(emulator.url, { sink: { columns } });
  const { run_id: runId } = await own.summary(1);
  const codes = async () => (await errorsOf(own)).map(({ key, code }) => [key, code]);
  expect(await codes()).toEqual([
    ['5', 'too_long'],
    ['6', 'refusal'],
    ['7', 'expression_failed'],
  ]);
  const wrong = await own.cli('retry', runId, '--by', 'too_short', '--json');
  expect({ code: wrong.code, printed: JSON.parse(wrong.stdout) as unknown }).toMatchObject({
    code: 2,
    printed: {
      run_id: runId,
      rows: { failed: 3 },
      error: {
        code: 'unknown_code',
        hint: expect.stringMatching(/too_long \(1\).*refusal \(1\)|refusal \(1\).*too_long \(1\)/),
      },
    },
  });
  const retried = await own.cli('retry', runId, '--by', 'refusal', '--json');
  expect({ code: retried.code, printed: JSON.parse(retried.stdout) as unknown }).toMatchObject({
    code: 1,
    printed: { run_id: runId, status: 'completed_with_failures', rows: { ok: 10, failed: 2, pending: 0 } },
  });
  expect(await codes()).toEqual([
    ['5', 'too_long'],
    ['7', 'expression_failed'],
  ]);
  expect(paidLines(await emulator.bill())).toHaveLength(rowCount + 1);
  // What was answered is free to load again, and stays so beside what is not meant.
  await own.cli('retry', runId, '--by', 'expression_failed', '--quiet', '--set', 'sink.columns.answer=text');
  expect(await codes()).toEqual([['5', 'too_long']]);
  expect(paidLines(await emulator.bill())).toHaveLength(rowCount + 1);
});

it('groups what failed by its code', async () => {
  await using emulator = await createEmulator({ faults });
  await using own = await project(emulator.url, { sink: { columns } });
  const { run_id: runId } = await own.summary(1);
  const { stdout } = await own.cli('errors', runId, '--by', 'code', '--json');
  expect(parseLines(stdout)).toEqual([
    expect.objectContaining({ stage: 'request', code: 'too_long', rows: 1, key: '5' }),
    expect.objectContaining({ stage: 'answer', code: 'refusal', rows: 1, key: '6' }),
    expect.objectContaining({ stage: 'load', code: 'expression_failed', rows: 1, key: '7' }),
  ]);
});
