import { expect, it } from 'vitest';
import { chunkOutcome } from '../../src/batch/chunk-outcome.ts';
import { Reconciliation } from '../../src/batch/reconciliation.ts';
import { applyRefusal } from '../../src/batch/refusal.ts';
import { remoteBatch } from '../../src/providers/openai/remote-batch.ts';
import { storedChunk } from './chunk-record.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { noCost } from '../../src/ledger/cost.ts';

it('remembers refused lines against their rows only where they are to blame', async () => {
  await using folder = await temporaryFolder();
  const chunk = await storedChunk(folder.path, ['a', 'b', 'c'], { state: 'submitted' });
  using reconciliation = await Reconciliation.open(folder.path, [chunk]);
  const errors = [
    { line: 1, code: 'invalid_request', message: 'Line 1 is wrong.' },
    { line: 2, code: 'model_not_found', message: 'The model does not exist.' },
  ];
  const batch = remoteBatch({ id: 'b', status: 'failed', errors: { data: errors } });
  if (batch?.refusal?.kind !== 'lines') throw new Error('no lines');
  applyRefusal(reconciliation, batch.refusal.lines);
  const [span] = reconciliation.spans;
  if (span === undefined) throw new Error('no span');
  const outcome = chunkOutcome(reconciliation, span, {
    event: 'batch_refused',
    limits: { attempts: 3, submissions: 10, retriedAnswers: new Set() },
    history: new Map(),
    usage: { input: 0, output: 0, cached: 0 },
    cost: noCost,
    cleaned: 0,
    now: 0,
    moreToCome: false,
  });
  expect(outcome.failures).toMatchObject([{ customId: 'a', code: 'invalid_request', blame: 'row' }]);
  expect(outcome.unfinished).toMatchObject([
    { customId: 'b', code: 'model_not_found', message: 'The model does not exist.' },
    { customId: 'c', code: 'repacked' },
  ]);
});
