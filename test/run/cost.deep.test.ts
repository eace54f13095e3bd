import { expect, it } from 'vitest';
import type { FaultsInput } from '../../src/emulator/faults/faults.ts';
import { asMap, type JsonMap } from '../../src/core/json.ts';
import { askedRequests, paidLines } from '../support/bill.ts';
import { createEmulator } from '../support/emulator.ts';
import type { PipelineProject } from '../support/pipeline-process.ts';
import { paidAnswers } from './paid-answers.ts';
import { type Parts, project, rowCount, useNotes } from './scene.ts';

useNotes();

interface World {
  readonly model: string;
  /** US dollars of a response's tokens, one by one. */
  readonly price: (body: JsonMap) => number;
  /** The share of it that flex costs; null where there is no such tier. */
  readonly flex: number | null;
}

const count = (map: unknown, name: string): number => Number(asMap(map)?.[name] ?? 0);

/** By each provider's own list of prices, and its own words for tokens. */
const worlds: Readonly<Record<string, World>> = {
  openai: {
    model: 'gpt-4o-mini',
    price: ({ usage }) =>
      (count(usage, 'prompt_tokens') * 0.15 + count(usage, 'completion_tokens') * 0.6) / 1e6,
    flex: 0.5,
  },
  anthropic: {
    model: 'claude-haiku-4-5',
    price: ({ usage }) =>
      (count(usage, 'input_tokens') +
        count(usage, 'cache_read_input_tokens') * 0.1 +
        count(usage, 'cache_creation_input_tokens') * 2 +
        count(usage, 'output_tokens') * 5) /
      1e6,
    flex: null,
  },
  gemini: {
    model: 'gemini-2.5-flash-lite',
    price: ({ usageMetadata: usage }) =>
      (count(usage, 'promptTokenCount') * 0.1 + count(usage, 'candidatesTokenCount') * 0.4) / 1e6,
    flex: 0.5,
  },
};

const names = Object.keys(worlds);

const schema = {
  type: 'object',
  properties: { tag: { type: 'string' } },
  required: ['tag'],
  additionalProperties: false,
};

/** Some answers do not fit and are asked for again, one never does, and one request fails. */
const faults: FaultsInput = {
  rows: [
    { fault: 'misfit', custom_ids: ['2', '3'], attempts: 1 },
    { fault: 'misfit', custom_ids: ['4'] },
    { fault: 'status', status: 400, custom_ids: ['5'] },
  ],
};

async function at(name: string, url: string, { rest, ...parts }: Parts = {}): Promise<PipelineProject> {
  const origin = name === 'openai' ? url : new URL(url).origin;
  const provider = { type: name, base_url: origin, api_key: 'test-key' };
  const system = `You tag notes. ${'Be brief and to the point. '.repeat(200)}`;
  return project(url, {
    request: { model: worlds[name]?.model, system, output: { schema, on_invalid: 'retry' } },
    sink: { columns: { answer: 'json.tag', attempt: 'attempt' } },
    rest: { provider, keep_files: 'all', max_failed_rows: rowCount, ...rest },
    ...parts,
  });
}

function priced(name: string, bodies: readonly JsonMap[]): number {
  return bodies.reduce((sum, body) => sum + (worlds[name]?.price(body) ?? NaN), 0);
}

it.each(names)(
  'a run at %s costs what its batches cost, rows that failed or came again included',
  async (name) => {
    await using emulator = await createEmulator({ faults });
    await using own = await at(name, emulator.url, { batch: { max_requests: 5 } });
    const { cost_usd: cost, rows } = await own.summary();
    expect(rows).toMatchObject({ ok: rowCount - 2, failed: 2 });
    const bodies = await paidAnswers(own);
    // Of what was sent, only the request that was refused brought nothing to pay for.
    expect(bodies.filter((body) => worlds[name]?.price(body) !== 0)).toHaveLength(
      paidLines(await emulator.bill()).length - 1,
    );
    expect(cost).toBeGreaterThan(0);
    expect(cost).toBeCloseTo(priced(name, bodies) / 2, 12);
    expect((await own.status()).cost_usd).toBe(cost);
    // Loading again what was paid for costs nothing.
    const runId = (await own.status()).run_id;
    const again = await own.cli('load', 'pipeline.yaml', '--run', runId, '--json');
    expect((JSON.parse(again.stdout) as { readonly cost_usd: number }).cost_usd).toBe(cost);
  },
);

it.each(names)('one by one, a run at %s costs the list price, or its tier’s', async (name) => {
  const { flex } = worlds[name] ?? { flex: null };
  for (const [tier, share] of [
    ['default', 1],
    ...(flex === null ? [] : [['flex', flex] as const]),
  ] as const) {
    await using emulator = await createEmulator({ faults });
    await using own = await at(name, emulator.url, {
      rest: {
        provider: {
          type: name,
          base_url: name === 'openai' ? emulator.url : new URL(emulator.url).origin,
          api_key: 'test-key',
        },
        keep_files: 'all',
        max_failed_rows: rowCount,
        mode: 'standard',
        ...(tier === 'flex' ? { standard: { tier } } : {}),
      },
      sink: { columns: { answer: 'json.tag', attempt: 'attempt' }, unchanged: 'send' },
    });
    const { cost_usd: cost } = await own.summary(0, '--new-run');
    const bodies = await paidAnswers(own);
    expect(askedRequests(await emulator.bill()).length).toBeGreaterThanOrEqual(rowCount);
    expect(cost).toBeGreaterThan(0);
    expect(cost).toBeCloseTo(priced(name, bodies) * share, 12);
  }
});

it('followers of a request cost nothing', async () => {
  await using emulator = await createEmulator();
  const request = { prompt: 'note {{ body | size }}', dedupe: true };
  await using own = await project(emulator.url, { request, rest: { keep_files: 'all' } });
  const { cost_usd: cost } = await own.summary();
  const bodies = await paidAnswers(own);
  expect(bodies).toHaveLength(2);
  expect(cost).toBeCloseTo(priced('openai', bodies) / 2, 12);
});

it('what a model costs that nobody knows is null, until the file says it', async () => {
  await using emulator = await createEmulator({ models: ['my-model'] });
  const request = { model: 'my-model' };
  await using unknown = await project(emulator.url, { request });
  expect((await unknown.summary()).cost_usd).toBeNull();
  const { stdout } = await unknown.cli('status', 'pipeline.yaml');
  expect(stdout).toContain(`cost     unknown (${rowCount} answers of unknown price)`);
  const prices = { 'my-model': { input: 1000, output: 0, batch_discount: 0.1 } };
  await using known = await project(emulator.url, { request, rest: { prices } });
  const { cost_usd: cost, tokens } = await known.summary(0, '--full-refresh');
  expect(cost).toBeCloseTo((tokens as { readonly input: number }).input * 1e-4, 9);
});
