import { describe, expect, it } from 'vitest';
import { chunkOutcome, type AttemptLimits, type OutcomeContext } from '../../src/batch/chunk-outcome.ts';
import { Reconciliation, type FailedResult } from '../../src/batch/reconciliation.ts';
import { applyRefusal } from '../../src/batch/refusal.ts';
import type { ClassifiedResult } from '../../src/core/batch-result.ts';
import type { ChunkOutcome, UnfinishedRow } from '../../src/ledger/ledger.ts';
import { storedChunk } from './chunk-record.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { noCost } from '../../src/ledger/cost.ts';
import { usualBilling } from '../../src/core/batch-result.ts';

const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2, cached_tokens: 0 };
const limits: AttemptLimits = { attempts: 3, submissions: 10, retriedAnswers: new Set() };
const now = 1_700_000_000_000;

function ok(customId: string): ClassifiedResult {
  const answer = {
    text: 'yes',
    json: undefined,
    isRepaired: false,
    embedding: null,
    model: null,
    finishReason: null,
    requestId: null,
    usage,
    billing: usualBilling,
    body: {},
  };
  return { kind: 'ok', customId, answer };
}

function failed(customId: string, changes: Partial<FailedResult> = {}): FailedResult {
  return {
    kind: 'failed',
    customId,
    stage: 'request',
    code: 'server_error',
    message: 'An error.',
    retryable: true,
    ran: true,
    blame: 'provider',
    usage: null,
    ...changes,
  };
}

function sentBefore(customId: string, changes: Partial<UnfinishedRow> = {}): UnfinishedRow {
  return {
    customId,
    chunk: 1,
    line: 0,
    attempts: 1,
    submissions: 1,
    code: 'rate_limit_exceeded',
    message: 'Before.',
    since: 5,
    answer: null,
    isReasking: false,
    ...changes,
  };
}

/** The outcome of a chunk of the rows a, b and c. */
async function outcomeOf(
  results: readonly ClassifiedResult[],
  context: Partial<OutcomeContext> = {},
  act: (reconciliation: Reconciliation) => void = () => {},
  lane: 'batch' | 'direct' = 'batch',
): Promise<ChunkOutcome> {
  await using folder = await temporaryFolder();
  const chunk = await storedChunk(folder.path, ['a', 'b', 'c']);
  using reconciliation = await Reconciliation.open(folder.path, [chunk]);
  for (const result of results)
    if (result.kind === 'unparsable') reconciliation.unparsable += 1;
    else reconciliation.take(reconciliation.find(result.customId), result);
  act(reconciliation);
  const [span] = reconciliation.spans;
  if (span === undefined) throw new Error('no span');
  return chunkOutcome(
    reconciliation,
    { ...span, chunk: { ...span.chunk, lane } },
    {
      event: 'results_loaded',
      limits,
      history: new Map(),
      usage: { input: 0, output: 0, cached: 0 },
      cost: noCost,
      cleaned: 0,
      now,
      moreToCome: false,
      ...context,
    },
  );
}

describe('what becomes of the rows of a chunk', () => {
  it('is ok for each that has succeeded, whatever else is said of it and in whichever order', async () => {
    const outcome = await outcomeOf([
      ok('a'),
      failed('a'),
      failed('b', { retryable: false }),
      ok('b'),
      ok('c'),
      ok('c'),
    ]);
    expect(outcome).toMatchObject({ ok: 3, failures: [], unfinished: [] });
    expect([...outcome.rowStates]).toEqual([1, 1, 1]);
  });

  it('is another try where the failure passes, counting attempts that the provider answered', async () => {
    const outcome = await outcomeOf([
      ok('a'),
      failed('b'),
      failed('c', { ran: false, code: 'batch_expired' }),
    ]);
    expect(outcome).toMatchObject({ ok: 1, failures: [] });
    expect(outcome.unfinished).toEqual([
      sentBefore('b', { line: 1, attempts: 1, code: 'server_error', message: 'An error.', since: now }),
      sentBefore('c', { line: 2, attempts: 0, code: 'batch_expired', message: 'An error.', since: now }),
    ]);
    expect([...outcome.rowStates]).toEqual([1, 0, 0]);
  });

  it('is no submission of a row that was not answered line by line', async () => {
    const history = new Map([['c', sentBefore('c', { line: 2, attempts: 1, submissions: 9 })]]);
    const { failures, unfinished } = await outcomeOf(
      [ok('a'), failed('b')],
      { history },
      undefined,
      'direct',
    );
    expect(failures).toEqual([]);
    expect(unfinished.map(({ customId, submissions }) => [customId, submissions])).toEqual([
      ['b', 1],
      ['c', 9],
    ]);
  });

  it('is never_ran at once where a row was given up line by line, without an attempt', async () => {
    const givenUp = { code: 'never_ran', retryable: false, ran: false } as const;
    const { failures, unfinished } = await outcomeOf([ok('a'), failed('b', givenUp), ok('c')]);
    expect(unfinished).toEqual([]);
    expect(failures).toMatchObject([
      { customId: 'b', stage: 'request', code: 'never_ran', attempts: 0, blame: 'provider' },
    ]);
  });

  it('is to wait, without an attempt, where the account is to blame', async () => {
    const quota = { blame: 'account', code: 'insufficient_quota', retryable: false } as const;
    const history = new Map([['b', sentBefore('b', { line: 1, attempts: 2, submissions: 9 })]]);
    const { failures, unfinished } = await outcomeOf([ok('a'), failed('b', quota), failed('c', quota)], {
      history,
    });
    expect(failures).toEqual([]);
    expect(unfinished).toMatchObject([
      { customId: 'b', attempts: 2, submissions: 9, code: 'insufficient_quota' },
      { customId: 'c', attempts: 0, submissions: 0, code: 'insufficient_quota' },
    ]);
  });

  it('is the account’s where an unclear refusal was given to all, else the row’s', async () => {
    const unclear = { blame: 'unclear', code: 'http_403', retryable: false } as const;
    const all = await outcomeOf([failed('a', unclear), failed('b', unclear), failed('c', unclear)]);
    expect(all).toMatchObject({ failures: [], unfinished: [{}, {}, {}] });
    for (const answer of [ok('a'), failed('a', { stage: 'answer', retryable: false, blame: 'row' })]) {
      const { failures } = await outcomeOf([answer, failed('b', unclear), failed('c', unclear)]);
      expect(failures.filter(({ code }) => code === 'http_403')).toMatchObject([
        { customId: 'b', blame: 'row' },
        { customId: 'c', blame: 'row' },
      ]);
    }
  });

  it('is to be held where its answer may lie unread, unless something was said of it', async () => {
    const unread = { rows: 1, lines: 1, first: 'x', path: 'p', joined: 2, reported: null };
    const outcome = await outcomeOf([ok('a'), failed('b')], { event: 'results_held', unread });
    expect(outcome).toMatchObject({ ok: 1, unread, unfinished: [{ customId: 'b' }] });
    expect([...outcome.rowStates]).toEqual([1, 0, 3]);
  });

  it('is another try for those that stand in no file', async () => {
    const outcome = await outcomeOf([ok('a'), ok('c')]);
    expect(outcome.unfinished).toMatchObject([
      { customId: 'b', code: 'missing', attempts: 0, submissions: 1 },
    ]);
  });

  it('is failure after the last attempt, with the row, its reason and its batch', async () => {
    const outcome = await outcomeOf([ok('a'), ok('c'), failed('b')], {
      history: new Map([['b', sentBefore('b', { attempts: 2, submissions: 4 })]]),
    });
    expect(outcome.unfinished).toEqual([]);
    expect(outcome.failures).toEqual([
      {
        customId: 'b',
        key: ['key b'],
        stage: 'request',
        code: 'server_error',
        message: 'An error.',
        attempts: 3,
        blame: 'provider',
        chunk: 1,
        batchId: 'batch-1',
        requestHash: 'hash b',
        request: null,
      },
    ]);
    expect([...outcome.rowStates]).toEqual([1, 2, 1]);
  });

  it('keeps since when a row has been failing', async () => {
    const history = new Map([['b', sentBefore('b')]]);
    const outcome = await outcomeOf([ok('a'), ok('c'), failed('b')], { history });
    expect(outcome.unfinished).toMatchObject([{ since: 5, attempts: 2, submissions: 2 }]);
  });

  it('is failure as never_ran after ten submissions without an answer', async () => {
    const result = failed('b', { ran: false, code: 'batch_expired', message: 'Expired.' });
    const tried = (submissions: number) =>
      outcomeOf([ok('a'), ok('c'), result], {
        history: new Map([['b', sentBefore('b', { attempts: 0, submissions })]]),
      });
    expect((await tried(8)).unfinished).toMatchObject([{ submissions: 9 }]);
    expect((await tried(9)).failures).toMatchObject([
      {
        code: 'never_ran',
        stage: 'request',
        message: 'Sent 10 times without running. Last: Expired.',
        attempts: 0,
      },
    ]);
  });

  it('is failure at once where the failure does not pass', async () => {
    const outcome = await outcomeOf([ok('a'), ok('c'), failed('b', { retryable: false, code: 'bad' })]);
    expect(outcome.failures).toMatchObject([{ code: 'bad', attempts: 1 }]);
  });

  it('is by on_invalid where the answer is no good', async () => {
    const result = failed('b', { stage: 'answer', code: 'schema_mismatch', retryable: false });
    const results = [ok('a'), ok('c'), result];
    expect((await outcomeOf(results)).failures).toMatchObject([{ stage: 'answer', attempts: 1 }]);
    const retried = await outcomeOf(results, {
      limits: { ...limits, retriedAnswers: new Set(['schema_mismatch']) },
    });
    expect(retried.unfinished).toMatchObject([{ customId: 'b', attempts: 1 }]);
    const refusal = await outcomeOf([ok('a'), ok('c'), failed('b', { ...result, code: 'refusal' })], {
      limits: { ...limits, retriedAnswers: new Set(['schema_mismatch']) },
    });
    expect(refusal.failures).toMatchObject([{ code: 'refusal' }]);
  });

  it('is failure of the load where the sink has refused it, never another try', async () => {
    const outcome = await outcomeOf([ok('a'), ok('b'), ok('c')], {}, (reconciliation) =>
      reconciliation.refuse(1, { code: '23514', message: 'violates check' }),
    );
    expect(outcome).toMatchObject({ ok: 2, unfinished: [] });
    expect(outcome.failures).toMatchObject([{ customId: 'b', stage: 'load', code: '23514', attempts: 1 }]);
    expect([...outcome.rowStates]).toEqual([1, 2, 1]);
  });

  it('stays open for those without a result while more files may come', async () => {
    const open = { moreToCome: true, limits: { ...limits, attempts: Infinity, submissions: Infinity } };
    const outcome = await outcomeOf([ok('a'), failed('b')], open);
    expect(outcome).toMatchObject({ ok: 1, failures: [] });
    expect(outcome.unfinished).toMatchObject([{ customId: 'b', code: 'server_error' }]);
    expect([...outcome.rowStates]).toEqual([1, 0, 0]);
  });

  it('adds up: every row is ok, failed or to be sent again', async () => {
    const outcome = await outcomeOf([ok('a'), failed('b', { retryable: false })]);
    expect(outcome.ok + outcome.failures.length + outcome.unfinished.length).toBe(3);
  });
});

describe('the refusal of a file', () => {
  it('fails the lines that are named and sets the others free', async () => {
    const outcome = await outcomeOf([], { event: 'batch_refused' }, (reconciliation) =>
      applyRefusal(reconciliation, new Map([[2, { code: 'invalid_request', message: 'Wrong.' }]])),
    );
    expect(outcome.failures).toMatchObject([
      { customId: 'b', stage: 'request', code: 'invalid_request', message: 'Wrong.', attempts: 0 },
    ]);
    expect(outcome.unfinished).toMatchObject([
      { customId: 'a', code: 'repacked', attempts: 0, submissions: 1 },
      { customId: 'c', code: 'repacked', attempts: 0, submissions: 1 },
    ]);
  });
});
