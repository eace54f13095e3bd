import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { RunSummary } from '../../src/run/summary.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

function pipeline(source: object = {}): object {
  return {
    source: { type: 'csv', path: 'notes.csv', key: 'id', ...source },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: { type: 'openai', base_url: 'http://127.0.0.1:9/v1', api_key: 'unused' },
    sink: { type: 'csv', path: 'answers.csv', columns: { answer: 'text' } },
  };
}

function answered(id: string): string {
  const choices = [
    { index: 0, message: { role: 'assistant', content: `answer ${id}` }, finish_reason: 'stop' },
  ];
  const response = { status_code: 200, request_id: 'r', body: { model: 'm', choices } };
  return `${JSON.stringify({ id: 'x', custom_id: id, response, error: null })}\n`;
}

function refused(id: string): string {
  const body = { error: { code: 'invalid_prompt', message: 'no' } };
  const response = { status_code: 400, request_id: 'r', body };
  return `${JSON.stringify({ id: 'x', custom_id: id, response, error: null })}\n`;
}

async function built(source?: object): Promise<PipelineProject> {
  const project = await PipelineProject.create(pipeline(source));
  await project.write('notes.csv', 'id,body\n1,one\n2,two\n3,three\n');
  expect(await project.cli('build', 'pipeline.yaml', '--out', 'out')).toMatchObject({ code: 0 });
  return project;
}

async function load(project: PipelineProject, code: number, ...results: string[]): Promise<RunSummary> {
  const result = await project.cli('load', 'pipeline.yaml', '--json', '--results', ...results);
  expect(result).toMatchObject({ code });
  return JSON.parse(result.stdout) as RunSummary;
}

const whole = 'id,answer\n1,answer 1\n2,answer 2\n3,answer 3\n';

it('leaves the file as it is when the same results are loaded again', async () => {
  await using project = await built();
  await project.write('results.jsonl', answered('1') + answered('2') + answered('3'));
  await load(project, 0, 'results.jsonl');
  expect(await readFile(project.path('answers.csv'), 'utf8')).toBe(whole);
  await load(project, 0, 'results.jsonl');
  expect(await readFile(project.path('answers.csv'), 'utf8')).toBe(whole);
});

it('counts a row once that failed in one file and succeeds in a later one', async () => {
  await using project = await built();
  await project.write('first.jsonl', answered('1') + refused('2'));
  expect((await load(project, 3, 'first.jsonl')).rows).toMatchObject({ ok: 1, failed: 1, pending: 1 });
  await project.write('second.jsonl', answered('2') + answered('3'));
  expect((await load(project, 0, 'second.jsonl')).rows).toMatchObject({ ok: 3, failed: 0, pending: 0 });
  expect(await readFile(project.path('answers.csv'), 'utf8')).toBe(whole);
});

it('counts rows of one key once, also where they cannot be sent', async () => {
  await using project = await PipelineProject.create(pipeline({ on_duplicate_key: 'first' }));
  await project.write('notes.csv', 'id,body\n1,\n1,one\n2,two\n2,\n3,\n3,\n');
  expect(await project.cli('build', 'pipeline.yaml', '--out', 'out')).toMatchObject({ code: 0 });
  const { rows } = await project.status();
  expect(rows).toMatchObject({ read: 6, filtered: 0, skipped: 3, requested: 3, failed: 2, pending: 1 });
});
