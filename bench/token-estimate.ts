import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadPipeline } from '../src/config/load.ts';
import type { Host } from '../src/core/host.ts';
import { randomNumbers } from '../src/plan/random.ts';
import { planPipeline } from '../src/run/plan-pipeline.ts';
import { chinese, code, machineMade, mails, shuffled, type Texts } from '../test/plan/texts.ts';

/** How far off the planned tokens of a table are from an exact count. */
export interface EstimateError {
  readonly table: string;
  readonly rows: number;
  readonly tokens: number;
  /** In percent, by the order of the rows: the largest one either way. */
  readonly worst: number;
  /** The same of the rule of thumb that files are packed by. */
  readonly rule: number;
}

/** The tables whose estimate the docs show. */
export function tables(): Readonly<Record<string, Texts>> {
  const parts = {
    'Mail: the SpamAssassin corpus, whole letters': mails(),
    'Chinese, from a word to some pages': chinese(4000),
    'Code: the files of this repository': code(),
    'Hexadecimal and base64, a few rows of them large': machineMade(4000),
  };
  return { ...parts, 'All of these in one table': Object.values(parts).flat() };
}

/** Plans a table in several orders of its rows, and counts it whole once. */
export async function measureEstimate(table: string, texts: Texts): Promise<EstimateError> {
  const exact = await planOf(texts, true);
  const estimated = exact.batches.reduce((sum, { tokens }) => sum + tokens, 0);
  const orders = [
    texts,
    texts.toReversed(),
    ...[1, 2, 3].map((seed) => shuffled(texts, randomNumbers(seed))),
  ];
  let worst = 0;
  for (const order of orders) {
    const { tokens } = await planOf(order, false);
    worst = Math.max(worst, Math.abs(tokens.input / exact.tokens.input - 1));
  }
  const rule = Math.abs(estimated / exact.tokens.input - 1);
  return { table, rows: texts.length, tokens: exact.tokens.input, worst: worst * 100, rule: rule * 100 };
}

async function planOf(texts: Texts, exact: boolean) {
  const folder = await mkdtemp(join(tmpdir(), 'batchline-estimate-'));
  try {
    const pipeline = {
      source: { type: 'jsonl', path: 'rows.jsonl', key: 'id' },
      request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ text }} ' },
      provider: { type: 'openai', base_url: 'http://127.0.0.1:1/v1' },
      sink: { type: 'jsonl', path: 'out.jsonl' },
    };
    await writeFile(join(folder, 'pipeline.yaml'), JSON.stringify(pipeline));
    const lines = texts.map((text, id) => `${JSON.stringify({ id, text })}\n`);
    await writeFile(join(folder, 'rows.jsonl'), lines.join(''));
    const { signal } = new AbortController();
    const host: Host = { signals: { abort: signal, drain: signal }, emit: () => {} };
    const loaded = await loadPipeline(join(folder, 'pipeline.yaml'), { env: {} });
    return (await planPipeline(loaded, { exact }, host)).plan;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const docs = fileURLToPath(new URL('../docs/cost.md', import.meta.url));
const heading = '| table | rows | tokens | the plan is off by at most | bytes / 4 is off by |';
const numbers = new Intl.NumberFormat('en-US');

function tableOf(errors: readonly EstimateError[]): string {
  const lines = errors.map(
    ({ table, rows, tokens, worst, rule }) =>
      `| ${table} | ${numbers.format(rows)} | ${numbers.format(tokens)} | ${worst.toFixed(1)} % | ${rule.toFixed(0)} % |`,
  );
  return [heading, '| --- | --: | --: | --: | --: |', ...lines].join('\n');
}

/** Writes the measured errors into docs/cost.md, in place of those that stand there. */
async function writeDocs(errors: readonly EstimateError[]): Promise<void> {
  const text = await readFile(docs, 'utf8');
  const old = /\| table +\| +rows \|(?:.*\n)+?(?=\n)/;
  if (!old.test(text)) throw new Error('docs/cost.md has no table of measured errors');
  await writeFile(
    docs,
    text.replace(old, () => `${tableOf(errors)}\n`),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const errors: EstimateError[] = [];
  for (const [table, texts] of Object.entries(tables())) errors.push(await measureEstimate(table, texts));
  await writeDocs(errors);
  console.log(tableOf(errors));
}
