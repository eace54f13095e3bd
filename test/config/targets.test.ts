import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkEveryTarget } from '../../src/config/every-target.ts';
import { loadPipeline } from '../../src/config/load.ts';
import { ConfigError, formatProblem } from '../../src/config/problem.ts';
import { sound } from './check-file.ts';
import { temporaryFolder } from './temporary-folder.ts';

const first = sound.split('\n').length;

async function inFile<T>(targets: string, work: (path: string) => Promise<T>): Promise<T> {
  await using folder = await temporaryFolder({ 'p.yaml': `${sound}${targets}` });
  return await work(join(folder.path, 'p.yaml'));
}

async function linesOf(loading: Promise<unknown>): Promise<readonly string[]> {
  const error = await loading.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ConfigError)) throw new Error('no problem was found', { cause: error });
  return error.problems.map((problem) => formatProblem(problem).replace(/^\S*p\.yaml:/, ''));
}

const trial = `targets:
  trial:
    sink: { table: tags_trial }
    batch: { max_requests: 7 }
  other:
    request: { model: gpt-4o, params: { temperature: 0 } }
`;

describe('--target', () => {
  test('lets keys of a target stand in place of those of the file, each by itself', async () => {
    await inFile(trial, async (path) => {
      const { pipeline, isRedirected, ownSink } = await loadPipeline(path, { env: {}, target: 'trial' });
      expect(pipeline.sink).toMatchObject({ type: 'postgres', table: 'tags_trial', key: 'id' });
      expect(pipeline.batch.max_requests).toBe(7);
      expect(pipeline.request.model).toBe('gpt-4o-mini');
      expect(isRedirected).toBe(true);
      expect(ownSink).toMatchObject({ table: 'tags' });
    });
  });

  test('says the same as --set, which goes before it', async () => {
    await inFile(trial, async (path) => {
      const named = await loadPipeline(path, { env: {}, target: 'trial' });
      const set = await loadPipeline(path, {
        env: {},
        set: ['sink.table=tags_trial', 'batch.max_requests=7'],
      });
      expect(named.pipeline).toEqual(set.pipeline);
      const both = await loadPipeline(path, { env: {}, target: 'trial', set: ['sink.table=x'] });
      expect(both.pipeline.sink).toMatchObject({ table: 'x' });
    });
  });

  test('that names no other table redirects nothing', async () => {
    await inFile(trial, async (path) => {
      const { isRedirected, pipeline } = await loadPipeline(path, { env: {}, target: 'other' });
      expect(isRedirected).toBe(false);
      expect(pipeline.request.params).toEqual({ temperature: 0 });
    });
  });

  test.each([
    [trial, 'trail', '--target trail  no such target; the file has trial, other  (did you mean trial?)'],
    ['', 'trial', '--target trial  no such target; the file has no targets'],
  ])('that is not there is told with those that are', async (targets, target, line) => {
    await inFile(targets, async (path) => {
      expect(await linesOf(loadPipeline(path, { env: {}, target }))).toEqual([line]);
    });
  });

  test('needs its own variables and no other ones', async () => {
    const targets =
      'targets:\n  prod: { sink: { url: "${PROD_URL}" } }\n  trial: { sink: { url: "${TRIAL_URL}" } }\n';
    await inFile(targets, async (path) => {
      await loadPipeline(path, { env: {} });
      const { pipeline } = await loadPipeline(path, {
        env: { TRIAL_URL: 'postgres://a:geheim-1@h/d' },
        target: 'trial',
      });
      expect(pipeline.sink['url']).toBe('postgres://a:geheim-1@h/d');
      expect(await linesOf(loadPipeline(path, { env: {}, target: 'prod' }))).toEqual([
        `${first + 1}:24  targets.prod.sink.url  the environment variable PROD_URL is not set; export it, write it into .env beside the pipeline file, or name a file that has it with --env-file`,
      ]);
    });
  });

  test('may make a block one of another type, which leaves out what only the old one has', async () => {
    const targets = 'targets: { file: { sink: { type: jsonl, path: out.jsonl } } }\n';
    const source = `${sound}${targets}`.replace(
      /(sink:\n {2}type: postgres\n {2}url: )embedded/,
      '$1${PROD_URL}',
    );
    await using folder = await temporaryFolder({ 'p.yaml': source });
    const path = join(folder.path, 'p.yaml');
    const { pipeline } = await loadPipeline(path, { env: {}, target: 'file' });
    expect(pipeline.sink).toEqual({ type: 'jsonl', path: 'out.jsonl', key: 'id' });
    const set = ['sink.type=jsonl', 'sink.path=out.jsonl'];
    expect((await loadPipeline(path, { env: {}, set })).pipeline.sink).toEqual(pipeline.sink);
    const odd = loadPipeline(path, { env: {}, set: [...set, 'sink.table=x'] });
    expect(await linesOf(odd)).toEqual(['--set sink.table  sink.table  unknown key']);
  });

  test('needs no variable of a value that it replaces', async () => {
    const text = `${sound}targets: { trial: { sink: { url: embedded } } }\n`;
    const source = text.replace(/(sink:\n {2}type: postgres\n {2}url: )embedded/, '$1${PROD_URL}');
    await using folder = await temporaryFolder({ 'p.yaml': source });
    const path = join(folder.path, 'p.yaml');
    expect((await loadPipeline(path, { env: {}, target: 'trial' })).pipeline.sink['url']).toBe('embedded');
    expect(await linesOf(loadPipeline(path, { env: {} }))).toHaveLength(1);
  });

  test('keeps the secrets that come in by it', async () => {
    const targets = 'targets: { trial: { provider: { type: openai, api_key: "${KEY}" } } }\n';
    await inFile(targets, async (path) => {
      const { redactor } = await loadPipeline(path, { env: { KEY: 'sehr-geheim' }, target: 'trial' });
      expect(redactor.redact('it is sehr-geheim')).not.toContain('sehr-geheim');
    });
  });

  test('takes a number from a variable for text where text is wanted', async () => {
    await inFile('targets: { trial: { name: "${N}" } }\n', async (path) => {
      expect((await loadPipeline(path, { env: { N: '5' }, target: 'trial' })).name).toBe('5');
    });
  });
});

describe('the faults of targets', () => {
  const targets = `targets:
  trial:
    sink:
      tabel: x
  prod:
    batch: { max_requests: many }
    request: { prompt: "{{ a" }
  odd:
    request: { endpoint: embeddings }
`;

  test('stand where they are in the file, for every target', async () => {
    await inFile(targets, async (path) => {
      const lines = await linesOf(checkEveryTarget(path, { env: {} }));
      expect(lines).toEqual([
        '8:3  request.input  required for embeddings, with --target odd',
        '10:3  request.prompt  is not for embeddings, which take `input`, with --target odd',
        `${first + 3}:7  targets.trial.sink.tabel  unknown key  (did you mean table?)`,
        `${first + 5}:28  targets.prod.batch.max_requests  must be a whole number`,
        expect.stringContaining(`${first + 6}:25  targets.prod.request.prompt  `),
      ]);
      expect(await linesOf(checkEveryTarget(path, { env: {}, target: 'trial' }))).toHaveLength(1);
      await loadPipeline(path, { env: {} });
    });
  });

  test('are told once where the file has them by itself', async () => {
    await inFile('colour: red\ntargets: { a: { batch: { max_requests: 7 } } }\n', async (path) => {
      expect(await linesOf(checkEveryTarget(path, { env: {} }))).toEqual([`${first}:1  colour  unknown key`]);
    });
  });
});
