import { describe, expect, test } from 'vitest';
import { createEmulator, promptBatch, providerAt } from '../support/emulator.ts';
import { PipelineProject, type CliResult } from '../support/pipeline-process.ts';
import { createProxy, jsonResponse, type Middleware } from '../support/proxy.ts';

function pipeline(url: string): object {
  return {
    source: { type: 'csv', path: 'notes.csv', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(url),
    batch: promptBatch,
    sink: { type: 'csv', path: 'answers.csv', columns: { answer: 'text' } },
  };
}

async function project(url = 'http://127.0.0.1:9/v1'): Promise<PipelineProject> {
  const made = await PipelineProject.create(pipeline(url));
  await made.write('notes.csv', 'id,body\n1,one\n2,two\n');
  return made;
}

const json = ({ stdout }: CliResult): unknown => JSON.parse(stdout);
const logLines = ({ stderr }: CliResult): readonly unknown[] =>
  stderr
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);

const error = (code: string) => ({ error: { code, message: expect.any(String) as string } });

/** A provider that takes files and no batches. */
const refuses: Middleware = ({ method, path }, forward) =>
  method === 'POST' && path === '/batches'
    ? Promise.resolve(jsonResponse(403, { error: { message: 'not for you', code: 'no' } }))
    : forward();

describe('--json and --log-format json hold where', () => {
  test('the file is faulty', async () => {
    await using own = await project();
    const result = await own.run('--json', '--log-format', 'json', '--set', 'request.modle=x');
    expect(result.code).toBe(2);
    expect(json(result)).toMatchObject({
      run_id: null,
      status: 'failed',
      rows: { ok: 0 },
      ...error('invalid_pipeline'),
    });
    expect(logLines(result)).toMatchObject([{ level: 'error', type: 'Failed', code: 'invalid_pipeline' }]);
  });

  test('the command line is not understood', async () => {
    await using own = await project();
    const result = await own.run('--json', '--log-format=json', '--nonsense');
    expect(result.code).toBe(2);
    expect(json(result)).toMatchObject({ status: 'failed', ...error('usage') });
    expect(logLines(result)).toMatchObject([{ level: 'error', code: 'usage' }]);
  });

  test('nothing is there to be looked at', async () => {
    await using own = await project();
    for (const command of ['status', 'errors', 'runs'])
      expect(json(await own.cli(command, '--json'))).toMatchObject(error('no_state'));
    expect(json(await own.cli('retry', '--json'))).toMatchObject({ status: 'failed', ...error('no_state') });
    expect(json(await own.cli('collect', '--json'))).toMatchObject([
      { status: 'failed', ...error('no_state') },
    ]);
  });

  test('a run gives up: its numbers come along', async () => {
    await using emulator = await createEmulator();
    await using proxy = await createProxy(emulator.url, refuses);
    await using own = await project(proxy.url);
    const result = await own.run('--json', '--log-format', 'json');
    const { run_id: runId } = await own.status();
    expect(result.code).toBe(1);
    expect(json(result)).toMatchObject({
      run_id: runId,
      pipeline: expect.stringContaining('batchline-project') as string,
      status: 'failed',
      rows: { requested: 2, pending: 2 },
      error: { message: expect.stringContaining('not for you') as string },
    });
    expect(logLines(result).at(-1)).toMatchObject({ level: 'error', type: 'Failed' });
  });

  test('answers cannot be loaded: the numbers of the run, or the build, come along', async () => {
    await using emulator = await createEmulator();
    await using own = await project(emulator.url);
    const { run_id: runId } = await own.summary();
    const load = async (...flags: readonly string[]) => {
      const result = await own.cli('load', 'pipeline.yaml', '--json', ...flags);
      return { code: result.code, printed: json(result) };
    };
    expect(await load('--run', runId, '--set', 'sink.path=notes.csv/answers.csv')).toMatchObject({
      code: 2,
      printed: {
        run_id: runId,
        status: 'failed',
        rows: { requested: 2, ok: 2 },
        error: { message: expect.any(String) as string },
      },
    });
    expect((await own.cli('build', 'pipeline.yaml', '--out', 'out')).code).toBe(0);
    expect(await load('--results', 'nowhere.jsonl')).toMatchObject({
      code: 2,
      printed: {
        run_id: expect.not.stringMatching(runId) as string,
        status: 'failed',
        rows: { requested: 2, pending: 2 },
      },
    });
  });
});
