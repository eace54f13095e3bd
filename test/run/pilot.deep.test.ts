import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { FaultsInput } from '../../src/emulator/faults/faults.ts';
import { acceptedBatches, askedRequests, paidLines } from '../support/bill.ts';
import { createEmulator, promptBatch, providerAt } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

const rows = 60;

interface Parts {
  readonly pilot: unknown;
  readonly batch?: object;
  readonly rest?: object;
  readonly provider?: object;
}

async function notes(url: string, { pilot, batch, rest, provider }: Parts): Promise<PipelineProject> {
  const project = await PipelineProject.create({
    source: { type: 'csv', path: 'notes.csv', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: provider ?? providerAt(url),
    batch: { ...promptBatch, max_requests: 25, pilot, ...batch },
    sink: { type: 'jsonl', path: 'answers.jsonl', columns: { answer: 'text', size: 'size(text)' } },
    ...rest,
  });
  const lines = Array.from({ length: rows }, (_, row) => `${row},note ${row}\n`);
  await project.write('notes.csv', `id,body\n${lines.join('')}`);
  return project;
}

async function expecting(own: PipelineProject, expected: object): Promise<void> {
  const file = JSON.parse(await own.read('pipeline.yaml')) as { batch: object };
  await own.write('pipeline.yaml', {
    ...file,
    batch: { ...file.batch, pilot: { rows: 10, expect: expected } },
  });
}

const refusing: FaultsInput = { rows: [{ fault: 'status', status: 400 }] };

it('sends the first rows alone and the rest behind a good verdict', async () => {
  await using emulator = await createEmulator();
  await using own = await notes(emulator.url, { pilot: { rows: 10, expect: { 'size > 0': 1 } } });
  const { code, stderr } = await own.run('--json');
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stderr).toContain('the pilot of 10 rows is good: 10 ok, 0 failed; the rest is sent');
  const accepted = (await emulator.bill()).filter((entry) => entry.event === 'accepted');
  expect(accepted[0]?.requests).toHaveLength(10);
  expect(paidLines(await emulator.bill())).toHaveLength(rows);
  expect((await readFile(own.path('answers.jsonl'), 'utf8')).trim().split('\n')).toHaveLength(rows);
  expect((await own.stateFiles()).filter((path) => path.includes('/pilot-'))).toEqual([]);
});

it('buys nothing but the pilot where too many of its rows fail', async () => {
  await using emulator = await createEmulator({ faults: refusing });
  await using own = await notes(emulator.url, { pilot: 10 });
  const { code, stderr } = await own.run('--quiet');
  expect(code).toBe(4);
  expect(stderr).toMatch(/pilot of 10 rows.*10 failed with \w+ \(request\): \d: .*batch\.pilot=0/s);
  expect(acceptedBatches(await emulator.bill())).toBe(1);
  expect((await own.status()).status).toBe('refused');
  expect((await own.run('--quiet')).code).toBe(4);
  expect(acceptedBatches(await emulator.bill())).toBe(1);
});

it('asks other expectations of the same answers, and goes on as it is where it is told so', async () => {
  await using emulator = await createEmulator();
  await using own = await notes(emulator.url, { pilot: { rows: 10, expect: { 'size > 100000': 0.5 } } });
  const { code, stderr } = await own.run('--quiet');
  expect(code).toBe(4);
  expect(stderr).toMatch(
    /`size > 100000` holds for 0 % of the rows, and 50 % are wanted: \d: size = \d+ \| /,
  );
  expect(paidLines(await emulator.bill())).toHaveLength(10);
  await expecting(own, { 'size < 0': 1 });
  expect((await own.run('--quiet')).code).toBe(4);
  expect(paidLines(await emulator.bill())).toHaveLength(10);
  await expecting(own, { 'size > 0': 1 });
  expect((await own.summary(0)).rows).toMatchObject({ ok: rows });
  expect(paidLines(await emulator.bill())).toHaveLength(rows);
});

it('is waived by --set batch.pilot=0', async () => {
  await using emulator = await createEmulator({ faults: refusing });
  await using own = await notes(emulator.url, { pilot: 10 });
  expect((await own.run('--quiet')).code).toBe(4);
  const summary = await own.summary(1, '--no-breaker', '--set', 'batch.pilot=0');
  expect(summary.rows).toMatchObject({ failed: rows, pending: 0 });
});

it('waits for rows of it that are sent again, and judges them then', async () => {
  const faults: FaultsInput = { rows: [{ fault: 'status', status: 500, times: 1, every: 2 }] };
  await using emulator = await createEmulator({ faults });
  await using own = await notes(emulator.url, { pilot: 10, batch: { max_prepared: '1KB' } });
  expect((await own.summary(0)).rows).toMatchObject({ ok: rows, failed: 0 });
});

it('works in standard mode, line by line', async () => {
  await using emulator = await createEmulator();
  const pilot = { rows: 10, expect: { 'size > 100000': 0.5 } };
  await using own = await notes(emulator.url, { pilot, rest: { mode: 'standard' } });
  expect((await own.run('--quiet')).code).toBe(4);
  expect(askedRequests(await emulator.bill())).toHaveLength(10);
  expect((await own.summary(0, '--set', 'batch.pilot=0')).rows).toMatchObject({ ok: rows });
  expect(askedRequests(await emulator.bill())).toHaveLength(rows);
});

it('is kept through --no-wait and collect', async () => {
  await using emulator = await createEmulator({ latencyMs: 1500 });
  await using own = await notes(emulator.url, { pilot: 10 });
  expect((await own.run('--quiet', '--no-wait')).code).toBe(3);
  expect(paidLines(await emulator.bill())).toHaveLength(10);
  expect((await own.summary(0)).rows).toMatchObject({ ok: rows });
  expect(paidLines(await emulator.bill())).toHaveLength(rows);
});

it('survives kill -9 while it is under way', async () => {
  await using emulator = await createEmulator({ latencyMs: 1500 });
  await using own = await notes(emulator.url, { pilot: { rows: 10, expect: { 'size > 0': 1 } } });
  const running = own.watch(['run', 'pipeline.yaml', '--json'], (line) => {
    if (line.includes('submitted') || line.includes('batch_')) running.child.kill('SIGKILL');
  });
  await running.result;
  expect((await own.summary(0)).rows).toMatchObject({ ok: rows });
  expect(paidLines(await emulator.bill())).toHaveLength(rows);
});

it('survives kill -9 between the verdict and the rest', async () => {
  await using emulator = await createEmulator();
  await using own = await notes(emulator.url, { pilot: { rows: 10, expect: { 'size > 0': 1 } } });
  const running = own.watch(['run', 'pipeline.yaml', '--json'], (line) => {
    if (line.includes('the pilot of')) running.child.kill('SIGKILL');
  });
  await running.result;
  expect((await own.summary(0)).rows).toMatchObject({ ok: rows });
  expect(paidLines(await emulator.bill())).toHaveLength(rows);
});

it('holds in auto mode, and at another provider', async () => {
  await using emulator = await createEmulator();
  const pilot = { rows: 10, expect: { 'size > 100000': 0.5 } };
  await using own = await notes(emulator.url, {
    pilot,
    provider: { type: 'anthropic', base_url: emulator.url, api_key: 'test-key' },
    rest: {
      mode: 'auto',
      request: {
        endpoint: 'chat',
        model: 'claude-haiku-4-5',
        prompt: '{{ body }}',
        params: { max_tokens: 50 },
      },
    },
  });
  const { code, stderr } = await own.run('--quiet');
  expect({ code, stderr }).toMatchObject({ code: 4 });
  const bill = await emulator.bill();
  expect(paidLines(bill).length + askedRequests(bill).length).toBe(10);
});
