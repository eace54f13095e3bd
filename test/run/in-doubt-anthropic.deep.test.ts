import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from 'vitest';
import type { RunSummary } from '../../src/run/summary.ts';
import { acceptedBatches, askedRequests, paidLines } from '../support/bill.ts';
import { createEmulator, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { createProxy } from '../support/proxy.ts';
import { answers, expected, pipeline, rowCount, useNotes } from './scene.ts';

useNotes();

const model = 'claude-haiku-4-5';
const ids = Array.from({ length: rowCount }, (_, index) => String(index + 1));

interface Setting extends AsyncDisposable {
  readonly emulator: TestEmulator;
  readonly project: PipelineProject;
  /** Makes a batch of somebody else. @returns its id */
  strange(changes?: { ids?: readonly string[]; model?: string; text?: string }): Promise<string>;
  /** Of the creates that follow, so many are never answered: `done`, carried out all the same. */
  cut(effect: 'none' | 'done', times?: number): void;
  /** No batch is seen to have ended. */
  hold(holds: boolean): void;
  /** How often batches were listed so far. */
  readonly lists: number;
}

/** A project at an emulator that speaks as Anthropic does, over a connection that loses replies. */
async function setting(parts: Parameters<typeof pipeline>[1] = {}): Promise<Setting> {
  await using resources = new AsyncDisposableStack();
  const emulator = resources.use(await createEmulator());
  let cut: { readonly effect: 'none' | 'done'; times: number } = { effect: 'none', times: 0 };
  let holds = false;
  let lists = 0;
  let reachedAt = '';
  const { origin } = new URL(emulator.url);
  const proxy = resources.use(
    await createProxy(`${origin}/`, async ({ method, path }, forward) => {
      const isLost = method === 'POST' && path.endsWith('v1/messages/batches') && (cut.times -= 1) >= 0;
      if (method === 'GET' && /v1\/messages\/batches(?:\?|$)/.test(path)) lists += 1;
      if (isLost && cut.effect === 'none') throw new Error('lost');
      const response = await forward();
      if (isLost) throw new Error('cut');
      // Results are fetched through here as well.
      let text = response.body.toString().replaceAll(origin, reachedAt);
      if (holds) text = text.replaceAll('"processing_status":"ended"', '"processing_status":"in_progress"');
      return { ...response, body: Buffer.from(text) };
    }),
  );
  reachedAt = new URL(proxy.url).origin;
  const provider = { type: 'anthropic', base_url: reachedAt, api_key: 'test-key' };
  const project = resources.use(
    await PipelineProject.create(
      pipeline('', {
        ...parts,
        request: { model, params: { max_tokens: 64 } },
        rest: { ...parts.rest, provider },
      }),
    ),
  );
  const client = new Anthropic({ baseURL: origin, apiKey: 'test-key', maxRetries: 0 });
  const kept = resources.move();
  return {
    emulator,
    project,
    async strange(changes = {}) {
      const { ids: named = ids, model: asked = model, text = 'note' } = changes;
      const requests = named.map((id) => ({
        custom_id: id,
        params: {
          model: asked,
          max_tokens: 64,
          messages: [{ role: 'user' as const, content: `${text} ${id}` }],
        },
      }));
      return (await client.messages.batches.create({ requests })).id;
    },
    cut: (effect, times = 1) => void (cut = { effect, times }),
    hold: (value) => void (holds = value),
    get lists() {
      return lists;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

it('adopts the batch of a lost reply beside a stranger of its size', async () => {
  await using own = await setting();
  await own.strange({ ids: ids.map((id) => `their-${id}`) });
  own.cut('done');
  expect((await own.project.summary()).rows).toMatchObject({ ok: rowCount });
  expect(acceptedBatches(await own.emulator.bill())).toBe(2);
  expect(await answers()).toEqual(expected(() => 1));
});

it('makes a create again that never came to the provider', async () => {
  await using own = await setting();
  await own.strange({ ids: ids.map((id) => `their-${id}`) });
  own.cut('none');
  expect((await own.project.summary()).rows).toMatchObject({ ok: rowCount });
  expect(acceptedBatches(await own.emulator.bill())).toBe(2);
  expect(await answers()).toEqual(expected(() => 1));
});

it.each([
  ['another model', { model: 'claude-sonnet-4-5' }],
  ['other prompts', { text: 'a much longer prompt about the same row, '.repeat(20) }],
])('takes nobody else’s answers for those to the same ids: %s', async (_, changes) => {
  await using own = await setting();
  const theirs = await own.strange(changes);
  own.cut('none');
  const { code, stderr } = await own.project.run();
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(`it may be ${theirs}`) });
  expect(acceptedBatches(await own.emulator.bill())).toBe(1);
  const { run_id: runId } = await own.project.status();
  const retried = await own.project.cli('retry', runId, '--lost');
  expect(retried).toMatchObject({ code: 0 });
  expect(await answers()).toEqual(expected(() => 1));
  expect(acceptedBatches(await own.emulator.bill())).toBe(2);
});

it('finds its own batch beside one of the same ids', async () => {
  await using own = await setting();
  await own.strange({ model: 'claude-sonnet-4-5' });
  own.cut('done');
  expect((await own.project.summary()).rows).toMatchObject({ ok: rowCount });
  expect(acceptedBatches(await own.emulator.bill())).toBe(2);
  expect(await answers()).toEqual(expected(() => 1));
});

it('is killed again and again while its batch is in doubt, and buys nothing twice', async () => {
  await using own = await setting({ batch: { max_requests: 4 } });
  own.hold(true);
  own.cut('done', 2);
  for (const _ of [1, 2]) {
    const { child, result } = own.project.watch(['run', 'pipeline.yaml'], (line) => {
      if (line.includes('is not known')) child.kill('SIGKILL');
    });
    await result;
    expect(child.signalCode).toBe('SIGKILL');
  }
  own.hold(false);
  expect((await own.project.summary()).rows).toMatchObject({ ok: rowCount });
  expect(paidLines(await own.emulator.bill())).toHaveLength(rowCount);
  expect(await answers()).toEqual(expected(() => 1));
});

it('is recovered by hand after its state folder was lost', async () => {
  await using own = await setting();
  const id = await own.strange();
  const { code, stderr } = await own.project.cli('recover', 'pipeline.yaml', '--batch', id);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(await answers()).toEqual(expected(() => 1));
  expect(acceptedBatches(await own.emulator.bill())).toBe(1);
});

/** Runs past the deadline while no batch ends. @returns the run's summary, once batches may end */
async function pastDeadline(own: Setting): Promise<RunSummary> {
  own.hold(true);
  expect((await own.project.run('--no-wait')).code).toBe(3);
  const before = own.lists;
  const passed = ['--set', 'auto.deadline=1ms'];
  const { result } = own.project.start('run', 'pipeline.yaml', '--json', ...passed);
  await expect.poll(() => own.lists, { timeout: 60_000 }).toBeGreaterThan(before + 4);
  expect(askedRequests(await own.emulator.bill())).toEqual([]);
  own.hold(false);
  const { code, stdout, stderr } = await result;
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('has passed') });
  return JSON.parse(stdout) as RunSummary;
}

describe('a create whose outcome is not known when the deadline of `mode: auto` comes', () => {
  const auto = { rest: { mode: 'auto', auto: { standard_below: 1, deadline: '1h' } } };

  it('is settled first, and what its batch has answered is asked no more', async () => {
    await using own = await setting(auto);
    own.cut('done');
    expect(await pastDeadline(own)).toMatchObject({
      rows: { ok: rowCount },
      requests: { batch: rowCount, standard: 0 },
    });
    expect(acceptedBatches(await own.emulator.bill())).toBe(1);
    expect(askedRequests(await own.emulator.bill())).toEqual([]);
  });

  it('is asked synchronously once it is known that it came to nothing', async () => {
    await using own = await setting(auto);
    await own.strange({ ids: ids.map((id) => `their-${id}`) });
    own.cut('none');
    expect(await pastDeadline(own)).toMatchObject({
      rows: { ok: rowCount },
      requests: { batch: 0, standard: rowCount },
    });
    expect(acceptedBatches(await own.emulator.bill())).toBe(1);
    expect(askedRequests(await own.emulator.bill())).toHaveLength(rowCount);
  });
});
