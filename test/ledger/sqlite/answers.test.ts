import { expect, it } from 'vitest';
import { openLedger } from '../../../src/ledger/open.ts';
import { noCost } from '../../../src/ledger/cost.ts';
import { temporaryFolder } from '../../batch/temporary-folder.ts';
import { createRun } from '../new-run.ts';

it('the median of a pipeline’s answers is kept with their outcomes, apart from what was previewed', async () => {
  await using folder = await temporaryFolder();
  await using ledger = await openLedger(folder.path);
  await createRun(ledger, 'a');
  const pipeline = 'p';
  expect(await ledger.answers.medianAnswer(pipeline, 'history')).toBeNull();
  const counts = { records: 3, read: 3, filtered: 0, skipped: 0 };
  const chunk = { chunk: 1, requests: 3, bytes: 1, tokens: 1, sha256: '' };
  await ledger.finishReading('a', { chunk, cursor: null, counts, failures: [] });
  const [sealed] = await ledger.chunks('a');
  if (sealed === undefined) throw new Error('no chunk');
  const outcome = {
    event: null,
    rowStates: Uint8Array.of(1, 1, 1),
    ok: 3,
    cleaned: 0,
    repaired: 0,
    truncated: 0,
    unread: null,
    usage: { input: 3, output: 60, cached: 0 },
    cost: noCost,
    answers: new Map([
      [10, 1],
      [20, 1],
      [30, 1],
    ]),
    failures: [],
    recovered: [],
    unfinished: [],
  };
  await ledger.recordOutcomes([{ at: sealed, outcome }]);
  await ledger.recordOutcomes([{ at: sealed, outcome: { ...outcome, answers: new Map([[30, 3]]) } }]);
  await ledger.answers.addPreviewed(pipeline, new Map([[7, 2]]));
  expect(await ledger.answers.medianAnswer(pipeline, 'history')).toBe(30);
  expect(await ledger.answers.medianAnswer(pipeline, 'preview')).toBe(7);
  expect(await ledger.answers.medianAnswer('another', 'preview')).toBeNull();
});
