import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PipelineEvent } from '../../src/core/events.ts';
import { Redactor } from '../../src/core/redact.ts';
import { isKept, tellingTo } from '../../src/core/telling.ts';
import { loadPipeline, runPipeline, type ToldEvent } from '../../src/index.ts';
import type { LoggedEvent } from '../../src/ledger/event-log.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { tellingHost } from '../../src/run/telling-host.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

let emulator: TestEmulator;

beforeAll(async () => {
  emulator = await createEmulator();
});
afterAll(() => emulator[Symbol.asyncDispose]());

/** A pipeline whose events would tell its key. */
async function createProject(): Promise<PipelineProject> {
  const project = await PipelineProject.create({
    source: { type: 'csv', path: 'notes.csv', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: { ...providerAt(emulator.url), api_key: 'Sesame-Key' },
    batch: promptBatch,
    state: './Sesame-Key',
    sink: { type: 'csv', path: 'answers.csv', columns: { answer: 'text' } },
  });
  await project.write('notes.csv', 'id,body\n1,one\n2,two\n');
  return project;
}

async function kept(project: PipelineProject, runId: string): Promise<readonly LoggedEvent[]> {
  await using ledger = await openLedger(project.path('Sesame-Key'));
  return await Array.fromAsync(ledger.events(runId, 0));
}

const withoutNumber = ({ seq: _seq, ...told }: LoggedEvent): ToldEvent => told;

describe('what a run tells', () => {
  it('has time and run, no secret, and stands in the ledger, also of a run that went on', async () => {
    await using project = await createProject();
    const pipeline = await loadPipeline(project.path('pipeline.yaml'), { env: {} });
    const told: ToldEvent[] = [];
    const stop = new AbortController();
    const began = Date.now();
    const stopped = runPipeline(pipeline, {
      signal: stop.signal,
      onEvent: (event) => {
        told.push(event);
        if (event.type === 'BatchSubmitted') stop.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
    const { summary } = await runPipeline(pipeline, { onEvent: (event) => told.push(event) });
    expect(told.filter(({ type }) => type === 'RunStarted')).toMatchObject([
      { resumed: false, stateDir: project.path('[secret]') },
      { resumed: true, stateDir: project.path('[secret]') },
    ]);
    expect(JSON.stringify(told)).not.toContain('Sesame');
    expect(new Set(told.map(({ runId }) => runId))).toEqual(new Set([summary.run_id]));
    const times = told.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[0]).toBeGreaterThanOrEqual(began);
    expect((await kept(project, summary.run_id)).map(withoutNumber)).toEqual(told.filter(isKept));
  });

  it('is logged as JSON with its run, until gc forgets it', async () => {
    await using project = await createProject();
    const { code, stderr } = await project.run('--log-format', 'json', '--quiet', '--log-level', 'info');
    expect(code).toBe(0);
    const runs = await project.cli('runs', 'pipeline.yaml', '--json');
    const [{ run_id: runId }] = JSON.parse(runs.stdout) as [{ run_id: string }];
    expect(stderr).toBe('');
    const again = await project.run('--log-format', 'json', '--new-run');
    const lines = again.stderr.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) {
      expect(line).toMatchObject({ time: expect.any(String) as string, runId: expect.any(String) as string });
      expect(line).not.toHaveProperty('at');
    }
    expect((await kept(project, runId)).length).toBeGreaterThan(5);
    await project.cli('gc', '--state', 'Sesame-Key', '--older-than', '0ms');
    expect(await kept(project, runId)).toEqual([]);
  });
});

const warning: PipelineEvent = { type: 'Warned', message: 'the word is Sesame' };

function listening() {
  const redactor = new Redactor();
  redactor.add('Sesame');
  const told: ToldEvent[] = [];
  const emit = tellingTo((event) => told.push(event), redactor);
  const { signal } = new AbortController();
  return { told, redactor, host: { emit, signals: { drain: signal, abort: signal } } };
}

describe('what is told before a run is known', () => {
  it('belongs to none, and has no secret either, however deep', () => {
    const { told, host } = listening();
    host.emit(warning);
    const window = { cursor: 'at', lag: null, low: 'Sesame', high: null };
    host.emit({ type: 'RunStarted', runId: 'r', pipeline: 'p', resumed: false, stateDir: '', window });
    expect(told).toMatchObject([
      { type: 'Warned', message: 'the word is [secret]', runId: null, at: expect.any(Number) as number },
      { runId: 'r', window: { cursor: 'at', lag: null, low: '[secret]', high: null } },
    ]);
  });

  it('is not kept; what comes after its start is', async () => {
    const { told, redactor, host } = listening();
    const log: ToldEvent[] = [];
    const ledger = {
      append: async (event: ToldEvent) => void log.push(event),
      forgetEvents: async () => {},
    };
    const telling = tellingHost(host, ledger, redactor);
    telling.emit(warning);
    telling.emit({ type: 'RunStarted', runId: 'r', pipeline: 'p', resumed: false, stateDir: '' });
    telling.emit(warning);
    // A host within another one stamps, and keeps, but once.
    tellingHost(telling, ledger, redactor, 's').emit(warning);
    expect(told.map(({ runId }) => runId)).toEqual([null, 'r', 'r', 's']);
    expect(log.map(({ runId }) => runId)).toEqual(['r', 'r', 's']);
  });
});
