import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadPipeline } from '../../src/config/load.ts';
import type { Host } from '../../src/core/host.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { planPipeline, type PlanFlags } from '../../src/run/plan-pipeline.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

type Block = Readonly<Record<string, unknown>>;

const rowCount = 30;
const rows = ['id,body', ...Array.from({ length: rowCount }, (_, row) => `${row},body ${row}`)].join('\n');

async function project(changes: Block = {}): Promise<PipelineProject> {
  const created = await PipelineProject.create({
    name: 'planned',
    source: { type: 'csv', path: 'rows.csv', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}', params: { max_tokens: 30 } },
    provider: { type: 'openai', base_url: 'http://127.0.0.1:1/v1' },
    batch: { max_requests: 10 },
    sink: { type: 'jsonl', path: 'out.jsonl' },
    ...changes,
  });
  await created.write('rows.csv', rows);
  return created;
}

async function planIn({ folder }: PipelineProject, flags: PlanFlags = {}) {
  const loaded = await loadPipeline(join(folder, 'pipeline.yaml'), { env: {} });
  const { signal } = new AbortController();
  const host: Host = { signals: { abort: signal, drain: signal }, emit: () => {} };
  return planPipeline(loaded, flags, host);
}

/** The names of all files below a folder, with what they hold. */
async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hashes = files.toSorted().map(async (path) => {
    const hash = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    return `${path} ${hash}`;
  });
  return Promise.all(hashes);
}

it('writes nothing, neither where there is a state folder nor where there is none', async () => {
  await using created = await project();
  const before = await filesIn(created.folder);
  await planIn(created);
  expect(await filesIn(created.folder)).toEqual(before);
  {
    await using ledger = await openLedger(created.stateDir);
    await ledger.answers.addPreviewed('planned', new Map([[17, 3]]));
    // As another process has it open.
    const open = await filesIn(created.folder);
    const { plan } = await planIn(created);
    expect(plan.tokens).toMatchObject({ output_expected: 17 * rowCount, output_basis: 'preview' });
    expect(await filesIn(created.folder)).toEqual(open);
  }
  const closed = await filesIn(created.folder);
  const { plan } = await planIn(created);
  expect(plan.tokens).toMatchObject({ output_expected: 17 * rowCount, output_basis: 'preview' });
  expect(await filesIn(created.folder)).toEqual(closed);
});

it('takes the rows that a limit leaves out for ones like those that it read', async () => {
  await using created = await project();
  const { plan, shown } = await planIn(created, { limit: 6, show: 2 });
  expect(plan).toMatchObject({
    extrapolated: true,
    at_least: false,
    sampled_records: 6,
    rows: { records: rowCount, requested: rowCount },
  });
  expect(plan.batches.map(({ requests }) => requests)).toEqual([10, 10, 10]);
  expect(plan.tokens.exact).toBe(false);
  expect(shown.map((line) => (JSON.parse(line) as Block)['custom_id'])).toEqual(['0', '1']);
  expect((await planIn(created, { limit: rowCount })).plan).toMatchObject({ extrapolated: false });
});

it('costs what its tokens do, and nothing is said of a price that nobody knows', async () => {
  await using created = await project({
    prices: { 'gpt-4o-mini': { input: 2, output: 10, batch_discount: 0.5 } },
    batch: { max_requests: 10, max_enqueued_tokens: 230 },
  });
  const { plan } = await planIn(created);
  const input = plan.tokens.input * 2e-6;
  expect(plan.tokens).toMatchObject({
    output_expected: 450,
    output_ceiling: 900,
    output_basis: 'assumed',
    exact: true,
  });
  expect(plan.cost_usd.standard).toBeCloseTo(input + 450 * 10e-6, 12);
  expect(plan.cost_usd.batch).toBeCloseTo((input + 450 * 10e-6) / 2, 12);
  expect(plan.cost_usd.ceiling).toBeCloseTo((input + 900 * 10e-6) / 2, 12);
  expect(plan.rounds).toBeGreaterThan(1);
  await using unknown = await project({
    request: { endpoint: 'chat', model: 'some-model', prompt: '{{ body }}' },
  });
  const { plan: other } = await planIn(unknown);
  expect(other.cost_usd).toMatchObject({ batch: null, standard: null, ceiling: null });
  expect(other.tokens).toMatchObject({ output_expected: null, output_basis: null, exact: false });
});
