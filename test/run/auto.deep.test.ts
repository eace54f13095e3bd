import { expect, it } from 'vitest';
import { acceptedBatches, askedRequests } from '../support/bill.ts';
import { createEmulator } from '../support/emulator.ts';
import { expectAnsweredOnce } from './auto-scene.ts';
import { answers, expected, pipeline, project, rowCount, useNotes } from './scene.ts';

useNotes();

const auto = (own: object = {}) => ({ rest: { mode: 'auto', auto: own } });

it('a small run goes synchronously, and says why', async () => {
  await using emulator = await createEmulator();
  await using own = await project(emulator.url, { ...auto(), batch: { max_requests: 5 } });
  expect(await own.summary()).toMatchObject({
    status: 'completed',
    rows: { requested: rowCount, ok: rowCount },
    requests: { batch: 0, standard: rowCount, in_doubt: 0 },
  });
  expect(await answers()).toEqual(expected(() => 1));
  expect(acceptedBatches(await emulator.bill())).toBe(0);
  expect(await own.status()).toMatchObject({
    decisions: [{ way: 'standard', about: 'first', reason: expect.stringContaining('12 requests') }],
  });
  const { stdout } = await own.cli('status', 'pipeline.yaml');
  expect(stdout).toContain('12 requests, fewer than 200 (auto.standard_below): they go synchronously.');
});

it('a large run goes in batches, from its first file on', async () => {
  await using emulator = await createEmulator();
  await using own = await project(emulator.url, {
    ...auto({ standard_below: rowCount }),
    batch: { max_requests: 5 },
  });
  expect(await own.summary()).toMatchObject({
    rows: { ok: rowCount },
    requests: { batch: rowCount, standard: 0 },
    batches: { total: 3, completed: 3 },
  });
  expect(askedRequests(await emulator.bill())).toEqual([]);
});

it('few rows that are to be sent again go synchronously', async () => {
  const faults = { rows: [{ fault: 'status' as const, status: 500, custom_ids: ['3', '7'], attempts: 1 }] };
  await using emulator = await createEmulator({ faults });
  await using own = await project(emulator.url, auto({ standard_below: rowCount }));
  expect(await own.summary()).toMatchObject({
    rows: { ok: rowCount, failed: 0 },
    requests: { batch: rowCount - 2, standard: 2 },
    batches: { total: 1 },
  });
  expect(await answers()).toEqual(expected((id) => (id === 3 || id === 7 ? 2 : 1)));
  expect(await own.status()).toMatchObject({
    decisions: [
      { way: 'batch', about: 'first' },
      { way: 'standard', about: 'again', reason: expect.stringContaining('2 rows') },
    ],
  });
});

it('a deadline that has passed while no process was there is acted upon at once', async () => {
  const faults = { batches: [{ fault: 'stuck' as const, status: 'in_progress' as const, after: 0.5 }] };
  await using emulator = await createEmulator({ faults });
  // Room for one file: the others are never submitted.
  const batch = { max_requests: 4, max_tokens: 60, max_enqueued_tokens: 60 };
  const parts = (deadline: string) => ({ ...auto({ standard_below: 1, deadline }), batch });
  await using own = await project(emulator.url, parts('1h'));
  expect(await own.summary(3, '--no-wait')).toMatchObject({
    status: 'waiting',
    batches: { total: 3, waiting: 2, running: 1 },
    deadline: { met: null },
  });
  await own.write('pipeline.yaml', pipeline(emulator.url, parts('1ms')));
  const { code, stdout, stderr } = await own.run('--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/deadline .* was missed by/) });
  expect(JSON.parse(stdout)).toMatchObject({
    status: 'completed',
    rows: { ok: rowCount, pending: 0 },
    requests: { standard: expect.any(Number) as number },
    batches: { total: 1, cancelled: 1 },
    deadline: { met: false },
  });
  expect(await answers()).toHaveLength(rowCount);
  await expectAnsweredOnce(emulator);
  const { decisions } = (await own.status()) as unknown as { decisions: readonly object[] };
  expect(decisions.at(-1)).toMatchObject({ way: 'standard', about: 'deadline', reason: expect.any(String) });
  expect((await own.cli('status', 'pipeline.yaml')).stdout).toMatch(/deadline .*Z, missed/);
});

it('--mode of a run counts for the file’s', async () => {
  await using emulator = await createEmulator();
  await using own = await project(emulator.url);
  expect(await own.summary(0, '--mode', 'auto')).toMatchObject({
    requests: { batch: 0, standard: rowCount },
  });
});
