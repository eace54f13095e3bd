import { cp, readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { expect } from 'vitest';
import type { RunSummary } from '../../src/run/summary.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

const examples = join(import.meta.dirname, '../../pipelines');

/** The pipeline files that the repository holds. */
export async function exampleFiles(): Promise<readonly string[]> {
  return (await readdir(examples))
    .filter((name) => name.endsWith('.yaml') && !name.endsWith('.test.yaml'))
    .sort();
}

/** A project with a copy of `pipelines/`, without the state that runs of them may have left there. */
export async function copyExamples(variables: Readonly<Record<string, string>>): Promise<PipelineProject> {
  const project = await PipelineProject.create();
  project.env = variables;
  await cp(examples, project.path('pipelines'), {
    recursive: true,
    filter: (path) => basename(path) !== '.pipeline',
  });
  return project;
}

/** Flags that let an emulator answer in OpenAI's place, without waiting as one waits for OpenAI. */
export function answeredBy(url: string): readonly string[] {
  return ['--set', `provider.base_url=${url}`, '--set', 'batch.poll_interval=50ms'];
}

/** `pipeline run pipelines/FILE --json`, which must end well, its counts adding up. */
export async function runExample(
  project: PipelineProject,
  file: string,
  flags: readonly string[] = [],
): Promise<RunSummary> {
  const stdout = await succeed(project, 'run', `pipelines/${file}`, '--json', ...flags);
  expect(stdout).toMatch(/^\{.*\}\n$/);
  const summary = JSON.parse(stdout) as RunSummary;
  expectSummary(summary);
  expect(summary).toMatchObject({ pipeline: basename(file, '.yaml'), status: 'completed' });
  expect(summary.rows).toMatchObject({ failed: 0, pending: 0 });
  return summary;
}

/** What a command prints, which must end with 0. */
export async function succeed(project: PipelineProject, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await project.cli(...args);
  if (code !== 0) throw new Error(`pipeline ${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}

const summaryKeys = [
  'run_id',
  'pipeline',
  'status',
  'rows',
  'batches',
  'requests',
  'tokens',
  'cost_usd',
  'seconds',
];
const rowKeys = [
  ['records', 'read', 'filtered', 'skipped', 'requested'],
  ['ok', 'failed', 'pending', 'cleaned', 'truncated'],
].flat();
const batchKeys = ['total', 'waiting', 'running', 'completed', 'failed', 'expired', 'cancelled', 'unsettled'];

function expectSummary({ rows, batches, requests, tokens, ...rest }: RunSummary): void {
  expect(Object.keys({ ...rest, rows, batches, requests, tokens }).sort()).toEqual(summaryKeys.toSorted());
  expect(Object.keys(rows).sort()).toEqual(rowKeys.toSorted());
  expect(Object.keys(batches).sort()).toEqual(batchKeys.toSorted());
  expect(Object.keys(tokens).sort()).toEqual(['cached', 'input', 'output']);
  expect(rows.read).toBe(rows.filtered + rows.skipped + rows.requested);
  expect(rows.requested).toBe(rows.ok + rows.failed + rows.pending);
  const { total, ...states } = batches;
  expect(total).toBe(Object.values(states).reduce((sum, count) => sum + count, 0));
  expect(requests.batch > 0).toBe(total > 0);
  expect(tokens.input > 0).toBe(requests.batch + requests.standard > 0);
}

export interface Email {
  /** Counted from 1. */
  readonly number: number;
  readonly id: string;
  readonly group: string;
  readonly subject: string;
  readonly body: string;
}

/** The quickstart's emails. */
export async function readEmails(): Promise<readonly Email[]> {
  const text = await readFile(join(examples, 'data/emails.csv'), 'utf8');
  const records = parse<Omit<Email, 'number'>>(text, { columns: true });
  return records.map((record, index) => ({ ...record, number: index + 1 }));
}
