import { describe, expect, it, vi } from 'vitest';
import { BatchlineError } from '../../src/core/errors.ts';
import type * as registry from '../../src/providers/index.ts';
import { type Desk, openDesk, ownAnswers, requestOf, table } from './in-doubt-scene.ts';

vi.mock('../../src/providers/index.ts', async (original) => {
  const { providers } = await original<typeof registry>();
  const { fakeProvider } = await import('../contract/fake-provider.ts');
  return { providers: [...providers, fakeProvider] };
});

const rows = 20;
const all = Array.from({ length: rows }, (_, row) => row);

it('adopts the batch of a create whose reply was lost', async () => {
  await using desk = await openDesk(rows);
  desk.server.fault = 'lost create reply';
  expect((await desk.run()).code).toBe(0);
  expect(desk.server.batches.size).toBe(1);
  expect(await desk.loaded()).toEqual(ownAnswers(rows));
});

it('makes a create again that left no trace', async () => {
  await using desk = await openDesk(rows);
  desk.server.fault = 'no answer';
  expect((await desk.run()).code).toBe(0);
  expect(desk.server.batches.size).toBe(1);
  expect(await desk.loaded()).toEqual(ownAnswers(rows));
});

it('passes a batch of the same size with other ids by', async () => {
  await using desk = await openDesk(rows);
  desk.server.make(all.map((row) => requestOf(row, { key: `their-${row}` })));
  desk.server.fault = 'no answer';
  expect((await desk.run()).code).toBe(0);
  expect(desk.server.batches.size).toBe(2);
  expect(await desk.loaded()).toEqual(ownAnswers(rows));
});

it('looks no closer at batches of another size or time', async () => {
  await using desk = await openDesk(rows);
  const unlike = all.map((row) => requestOf(row, { who: 'another' }));
  desk.server.make(unlike.slice(1));
  desk.server.make(unlike, { createdAt: Date.now() - 11 * 60_000 });
  desk.server.fault = 'no answer';
  expect((await desk.run()).code).toBe(0);
  expect(await desk.loaded()).toEqual(ownAnswers(rows));
});

it('finds its own batch beside that of a stranger', async () => {
  await using desk = await openDesk(rows);
  desk.server.make(all.map((row) => requestOf(row, { key: `their-${row}` })));
  desk.server.make(all.map((row) => requestOf(row, { who: 'another-model' })));
  desk.server.fault = 'lost create reply';
  expect((await desk.run()).code).toBe(0);
  expect(desk.server.batches.size).toBe(3);
  expect(await desk.loaded()).toEqual(ownAnswers(rows));
});

const lookalikes = {
  'the same ids at another model': all.map((row) => requestOf(row, { who: 'another-model' })),
  'the same ids with much longer prompts': all.map((row) => requestOf(row, { what: 'long '.repeat(200) })),
  'some of the ids': all.map((row) => requestOf(row, { key: row < 10 ? String(row) : `their-${row}` })),
} as const;

for (const [name, requests] of Object.entries(lookalikes)) {
  it(`leaves it to a person what ${name} are, and goes on as that one says`, async () => {
    await using desk = await openDesk(rows);
    const { id } = desk.server.make(requests);
    desk.server.fault = 'no answer';
    const first = await desk.run();
    expect(first).toMatchObject({ code: 1, error: { code: 'create_in_doubt' } });
    expect(first.error?.message).toContain(id);
    expect(first.error?.hint).toMatch(/pipeline recover .* --batch fake_1.*pipeline retry .* --lost/);
    expect(await desk.summary()).toMatchObject({
      status: 'failed',
      rows: { pending: rows },
      batches: { total: 1, waiting: 1, running: 0, unsettled: 1 },
    });
    // Nothing changes by typing the same again.
    expect(await desk.run()).toMatchObject({ code: 1, error: { code: 'create_in_doubt' } });
    expect(desk.server.batches.size).toBe(1);
    expect((await desk.retryLost()).code).toBe(0);
    expect(desk.server.batches.size).toBe(2);
    expect(await desk.loaded()).toEqual(ownAnswers(rows));
    expect(await desk.summary()).toMatchObject({ batches: { unsettled: 0 } });
  });
}

it('takes what nobody could tell from its own batch', async () => {
  await using desk = await openDesk(rows);
  desk.server.make(all.map((row) => requestOf(row)));
  desk.server.fault = 'no answer';
  expect((await desk.run()).code).toBe(0);
  expect(desk.server.batches.size).toBe(1);
});

it('takes neither of two that both look like its own, until a person names one', async () => {
  await using desk = await openDesk(rows);
  desk.server.make(all.map((row) => requestOf(row, { what: `their text of row ${row}` })));
  desk.server.fault = 'lost create reply';
  const { error } = await desk.run();
  expect(error?.message).toMatch(/fake_2 .*fake_1/);
  expect((await desk.recover('fake_2')).code).toBe(0);
  expect(desk.server.batches.size).toBe(2);
  expect(await desk.loaded()).toEqual(ownAnswers(rows));
  expect(await desk.summary()).toMatchObject({
    status: 'completed',
    batches: { completed: 1, unsettled: 0 },
  });
  expect((await desk.recover('fake_2')).error?.code).toBe('known_batch');
});

it('takes the batch that a person names for the file of its ids', async () => {
  await using desk = await openDesk(rows * 2, { max_requests: rows });
  const { server } = desk;
  let creates = 0;
  server.fails = (fault) => fault === 'lost create reply' && (creates += 1) <= 2;
  server.gone.add('fake_1').add('fake_2');
  expect((await desk.run()).error?.message).toMatch(/^Whether .* And so of 1 other file\.$/);
  server.gone.clear();
  expect((await desk.recover('fake_2', 'fake_1')).code).toBe(0);
  expect(server.batches.size).toBe(2);
  expect(await desk.loaded()).toEqual(ownAnswers(rows * 2));
});

it('does not guess which file a batch is of that has not ended', async () => {
  await using desk = await openDesk(rows * 2, { max_requests: rows });
  const { server } = desk;
  let creates = 0;
  server.fails = (fault) => fault === 'lost create reply' && (creates += 1) <= 2;
  server.holds = true;
  expect((await desk.run({ wait: false })).code).toBe(3);
  expect(await desk.recover('fake_2')).toMatchObject({ code: 3, error: { code: 'batch_not_ended' } });
  server.release();
  expect((await desk.run()).code).toBe(0);
  expect(server.batches.size).toBe(2);
});

it('adopts a batch that a person names where nothing else is left of its run', async () => {
  await using desk = await openDesk(rows, {}, table);
  const gone = requestOf(rows, { key: 'gone' });
  desk.server.make([...all.slice(2).map((row) => requestOf(row)), gone]);
  const { code, log } = await desk.recover('fake_1');
  expect({ code, log }).toEqual({ code: 0, log: expect.stringMatching(/1 requests of run/) });
  expect(await desk.summary()).toMatchObject({ status: 'completed', rows: { ok: rows - 2, pending: 0 } });
  // What it answered is not bought again.
  expect((await desk.run()).code).toBe(0);
  expect([...desk.server.batches.values()].map(({ counts }) => counts?.total)).toEqual([rows - 1, 2]);
});

it('leaves a batch alone that tells nothing of what it holds yet', async () => {
  await using desk = await openDesk(rows, {}, table);
  desk.server.holds = true;
  desk.server.make(all.map((row) => requestOf(row)));
  const { code, log } = await desk.recover('fake_1');
  expect({ code, log }).toEqual({ code: 1, log: expect.stringContaining('fake_1 has not ended') });
});

it('keeps the doubt where a batch cannot be read', async () => {
  await using desk = await openDesk(rows);
  desk.server.fault = 'lost create reply';
  desk.server.gone.add('fake_1');
  for (const _ of [1, 2])
    expect((await desk.run()).error).toMatchObject({
      code: 'create_in_doubt',
      message: expect.stringContaining('fake_1 (cannot be read)'),
    });
  expect(desk.server.batches.size).toBe(1);
  expect((await desk.retryLost()).code).toBe(0);
  expect(desk.server.batches.size).toBe(2);
});

it('finds its own batch beside one that nobody may read', async () => {
  await using desk = await openDesk(rows);
  desk.server.make(all.map((row) => requestOf(row)));
  desk.server.onRead = (id) => {
    if (id === 'fake_1') throw new BatchlineError('provider_unauthorized', 'it refuses access (403)');
  };
  desk.server.fault = 'lost create reply';
  expect((await desk.run()).code).toBe(0);
  expect(desk.server.batches.size).toBe(2);
  expect(await desk.loaded()).toEqual(ownAnswers(rows));
});

it('keeps the doubt where a batch may not be read, until it is given up', async () => {
  await using desk = await openDesk(rows);
  desk.server.make(all.map((row) => requestOf(row)));
  desk.server.onRead = () => {
    throw new BatchlineError('provider_refused', 'it answered 400');
  };
  desk.server.fault = 'no answer';
  expect((await desk.run()).error).toMatchObject({
    code: 'create_in_doubt',
    message: expect.stringContaining('fake_1 (cannot be read)'),
  });
  expect((await desk.retryLost()).code).toBe(0);
  expect(desk.server.batches.size).toBe(2);
});

it('reads a batch again after waits that grow', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0);
  await using desk = await openDesk(rows);
  let failures = 3;
  desk.server.onRead = () => {
    if ((failures -= 1) >= 0) throw new BatchlineError('download_cut', 'cut', { retryable: true });
  };
  desk.server.fault = 'lost create reply';
  const { code, log } = await desk.run();
  vi.restoreAllMocks();
  expect(code).toBe(0);
  const waits = [...log.matchAll(/look for batch 1 failed and is tried again in (\S+) s/g)];
  expect(waits.map(([, seconds]) => seconds)).toEqual(['0.3', '0.5', '1.0']);
  expect(desk.server.batches.size).toBe(1);
});

it('waits for the end of what may be its batch, and says so', async () => {
  await using desk = await openDesk(rows);
  desk.server.holds = true;
  desk.server.fault = 'lost create reply';
  let lists = 0;
  desk.server.onList = () => {
    lists += 1;
    if (lists === 5) desk.server.release();
  };
  const { code, log } = await desk.run();
  expect(code).toBe(0);
  expect(log).toMatch(/file 1 was created is not known.*fake_1/s);
  expect(desk.server.batches.size).toBe(1);
  expect(await desk.loaded()).toEqual(ownAnswers(rows));
});

it('finds its own batch though that counts otherwise once it has ended', async () => {
  await using desk = await openDesk(rows);
  const { server } = desk;
  server.holds = true;
  server.fault = 'lost create reply';
  let lists = 0;
  server.onList = () => {
    lists += 1;
    if (lists !== 3) return;
    server.release();
    const batch = server.batches.get('fake_1');
    if (batch === undefined) throw new Error('There is no batch.');
    const counts = { total: rows - 1, completed: rows - 1, failed: 0 };
    server.batches.set(batch.id, { ...batch, counts });
  };
  expect((await desk.run()).code).toBe(0);
  expect(server.batches.size).toBe(1);
  expect(await desk.loaded()).toEqual(ownAnswers(rows));
});

it('leaves a run with a batch in doubt to a later process', async () => {
  await using desk = await openDesk(rows);
  desk.server.holds = true;
  desk.server.fault = 'lost create reply';
  expect((await desk.run({ wait: false })).code).toBe(3);
  expect(await desk.summary()).toMatchObject({ status: 'waiting', batches: { waiting: 1, unsettled: 1 } });
  desk.server.release();
  expect((await desk.run()).code).toBe(0);
  expect(desk.server.batches.size).toBe(1);
});

it('goes on with the other files of the run, which take no part in the doubt', async () => {
  await using desk = await openDesk(rows * 3, { max_requests: rows });
  desk.server.make(all.map((row) => requestOf(row, { who: 'another-model' })));
  desk.server.make(all.map((row) => requestOf(row + rows, { who: 'another-model' })));
  desk.server.make(all.map((row) => requestOf(row + 2 * rows, { who: 'another-model' })));
  desk.server.fault = 'no answer';
  expect((await desk.run()).error?.code).toBe('create_in_doubt');
  expect(await desk.summary()).toMatchObject({
    rows: { ok: 2 * rows, pending: rows },
    batches: { total: 3, completed: 2, waiting: 1, unsettled: 1 },
  });
  expect(desk.server.batches.size).toBe(5);
});

it('tells the batches of two files of one size by their ids', async () => {
  await using desk = await openDesk(rows * 2, { max_requests: rows });
  let creates = 0;
  const { server } = desk;
  server.fails = (fault) => fault === 'lost create reply' && (creates += 1) <= 2;
  expect((await desk.run()).code).toBe(0);
  expect(server.batches.size).toBe(2);
  expect(await desk.loaded()).toEqual(ownAnswers(rows * 2));
});

it('is cancelled with what may be its own, which is named and left alone', async () => {
  await using desk = await openDesk(rows);
  const unlike = all.map((row) => requestOf(row, { who: 'another-model' }));
  desk.server.make(unlike);
  desk.server.fault = 'no answer';
  expect((await desk.run()).code).toBe(1);
  const { code, log } = await desk.cancel();
  expect({ code, log }).toEqual({ code: 1, log: expect.stringMatching(/create_in_doubt|fake_1/) });
  expect(await desk.summary()).toMatchObject({ status: 'cancelled' });
  expect([...desk.server.cancelled]).toEqual([]);
});

it('is cancelled no later than what may be its own expires', async () => {
  await using desk = await openDesk(rows);
  desk.server.holds = true;
  desk.server.fault = 'lost create reply';
  expect((await desk.run({ wait: false })).code).toBe(3);
  expect((await desk.cancel({ wait: false })).code).toBe(3);
  const batch = desk.server.batches.get('fake_1');
  if (batch === undefined) throw new Error('There is no batch.');
  desk.server.batches.set('fake_1', { ...batch, expiresAt: Date.now() });
  expect((await desk.cancel()).code).toBe(1);
  expect(await desk.summary()).toMatchObject({ status: 'cancelled' });
  expect([...desk.server.cancelled]).toEqual([]);
});

it('loads, when it is cancelled, what its own batch had answered', async () => {
  await using desk = await openDesk(rows);
  desk.server.holds = true;
  desk.server.fault = 'lost create reply';
  expect((await desk.run({ wait: false })).code).toBe(3);
  desk.server.release();
  expect((await desk.cancel()).code).toBe(0);
  expect(await desk.summary()).toMatchObject({ status: 'cancelled', rows: { ok: rows } });
});

it('reads a listing no further than a batch of its time can stand', async () => {
  await using desk = await openDesk(rows);
  const old = { createdAt: Date.now() - 3_600_000 };
  for (let each = 0; each < 300; each += 1) desk.server.make([requestOf(0)], old);
  desk.server.fault = 'lost create reply';
  expect((await desk.run()).code).toBe(0);
  expect(desk.server.batches.size).toBe(301);
  expect(desk.server.listed).toBeLessThan(2 * 150);
});

describe('a create that the provider says it has turned down', () => {
  const error = new BatchlineError('provider_refused', 'it answered 400: no', { outcome: 'absent' });

  /** Runs the pipeline until the create is not turned down any more. @returns how often batches were listed */
  async function looksOf(desk: Desk): Promise<number> {
    let looks = 0;
    desk.server.turnsDown = error;
    desk.server.onList = () => void (looks += 1);
    expect((await desk.run()).error?.code).toBe('provider_refused');
    desk.server.turnsDown = null;
    const before = looks;
    expect((await desk.run()).code).toBe(0);
    expect(await desk.loaded()).toEqual(ownAnswers(rows));
    return before;
  }

  it('is ruled out by one look that shows nothing that may be its batch', async () => {
    await using desk = await openDesk(rows);
    expect(await looksOf(desk)).toBe(1);
    expect(desk.server.batches.size).toBe(1);
  });

  it('is ruled out only once what may be its batch is known to be another', async () => {
    await using desk = await openDesk(rows);
    desk.server.make(all.map((row) => requestOf(row, { key: `their-${row}` })));
    expect(await looksOf(desk)).toBe(2);
    expect(desk.server.batches.size).toBe(2);
  });

  it('may have been carried out all the same', async () => {
    await using desk = await openDesk(rows);
    desk.server.make(all.map((row) => requestOf(row)));
    desk.server.turnsDown = error;
    expect((await desk.run()).code).toBe(0);
    expect(desk.server.batches.size).toBe(1);
  });
});

it('looks twice for a create that something on the way has turned down', async () => {
  const message = 'it answered 403: a web page, "Blocked"';
  const answers = [
    new BatchlineError('provider_not_understood', message, { outcome: 'denied' }),
    { kind: 'unexplained', message, isHearsay: true } as const,
  ];
  for (const answer of answers) {
    await using desk = await openDesk(rows);
    const { server } = desk;
    let looks = 0;
    server.turnsDown = answer;
    // It was carried out all the same, and is listed a moment later.
    server.onList = () => {
      looks += 1;
      if (looks === 2) server.make(all.map((row) => requestOf(row)));
    };
    expect((await desk.run()).code).toBe(0);
    expect(server.batches.size).toBe(1);
    expect(await desk.loaded()).toEqual(ownAnswers(rows));
  }
});
