import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError, formatProblem } from '../../../src/config/problem.ts';
import type { Host } from '../../../src/core/host.ts';
import { testPipeline, type TestResult } from '../../../src/run/cases/test-pipeline.ts';
import { temporaryFolder } from '../../config/temporary-folder.ts';

const signal = new AbortController().signal;
const host: Host = { signals: { abort: signal, drain: signal }, emit: () => {} };

const base = {
  source: { type: 'postgres', url: '${DATABASE_URL}', table: 'tickets', key: 'id' },
  request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
  provider: { type: 'openai', api_key: '${KEY}' },
  notify: { webhook: '${HOOK}' },
  sink: { type: 'postgres', url: '${DATABASE_URL}', table: 'tags', columns: { answer: 'text' } },
};

const schema = {
  type: 'object',
  properties: { tag: { type: 'string' } },
  required: ['tag'],
  additionalProperties: false,
};

async function tested(pipeline: object, cases: object | string): Promise<TestResult> {
  await using folder = await temporaryFolder({
    'p.yaml': JSON.stringify({ ...base, ...pipeline }),
    'p.test.yaml': typeof cases === 'string' ? cases : JSON.stringify(cases),
  });
  return await testPipeline(join(folder.path, 'p.yaml'), { env: {} }, host);
}

/** What differs, as far as it is no place. */
async function differing(pipeline: object, cases: object) {
  const { cases: results } = await tested(pipeline, cases);
  return results.flatMap(({ differences }) =>
    differences.map(({ where: _where, path, ...said }) => ({ path: path.join('.'), ...said })),
  );
}

async function problemsOf(cases: object | string): Promise<readonly string[]> {
  const error = await tested({}, cases).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ConfigError)) throw new Error('no problem was found', { cause: error });
  return error.problems.map((problem) => formatProblem(problem).replace(/^\S*p\.test\.yaml:/, ''));
}

const rows = [{ id: 1, body: 'one' }];

describe('what a test expects', () => {
  test('needs neither a key nor a database, nor any variable of theirs', async () => {
    const result = await tested({}, { rows, answers: { 1: 'yes' }, loaded: { 1: { answer: 'yes' } } });
    expect(result.cases).toEqual([{ name: null, differences: [] }]);
  });

  test('is told with both values where it is not so, and where it stands', async () => {
    const text = `rows: [{ id: 1, body: one }]\nanswers:\n  1: yes indeed\nloaded:\n  1:\n    answer: no\n`;
    const { cases } = await tested({}, text);
    expect(cases[0]?.differences).toEqual([
      {
        path: ['loaded', '1', 'answer'],
        message: null,
        expected: 'no',
        actual: 'yes indeed',
        where: expect.stringMatching(/p\.test\.yaml:6:13$/) as string,
      },
    ]);
  });

  test('may be a whole body, or texts that it holds or lacks', async () => {
    const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'one' }] };
    expect(await differing({}, { rows, requests: { 1: body } })).toEqual([]);
    expect(await differing({}, { rows, requests: { 1: { ...body, model: 'other' } } })).toEqual([
      { path: 'requests.1.model', message: null, expected: 'other', actual: 'gpt-4o-mini' },
    ]);
    const searched = { rows, requests: { 1: { contains: ['on', 'two'], lacks: ['one'] } } };
    expect(await differing({}, searched)).toMatchObject([
      { path: 'requests.1.contains', expected: 'two' },
      { path: 'requests.1.lacks' },
    ]);
  });

  test('includes which rows fail: one that fails without being expected to is told', async () => {
    const asksJson = {
      request: { ...base.request, output: { schema } },
      sink: { ...base.sink, columns: undefined },
    };
    const cases = { rows, answers: { 1: { tga: 'x' } } };
    expect(await differing(asksJson, cases)).toMatchObject([
      { path: 'failed.1', message: expect.stringContaining('it failed (answer, schema_mismatch)') as string },
    ]);
    expect(await differing(asksJson, { ...cases, failed: { 1: 'schema_mismatch' } })).toEqual([]);
    expect(
      await differing(asksJson, { ...cases, failed: { 1: { stage: 'load', message: 'tag' } } }),
    ).toMatchObject([{ path: 'failed.1.stage', expected: 'load', actual: 'answer' }]);
    expect(
      await differing(asksJson, { rows, answers: { 1: { tag: 'x' } }, failed: { 1: 'length' } }),
    ).toEqual([{ path: 'failed.1', message: 'it was loaded' }]);
  });

  test('includes which rows are filtered', async () => {
    const filters = { transforms: [{ type: 'filter', where: 'size(body) > 3' }] };
    const two = [...rows, { id: 2, body: 'three' }];
    expect(await differing(filters, { rows: two, filtered: [1] })).toEqual([]);
    expect(
      await differing(filters, { rows: two, filtered: [2], requests: { 1: { contains: 'one' } } }),
    ).toEqual([
      { path: 'filtered.0', message: 'row 2 was not filtered' },
      { path: 'requests.1', message: 'it was filtered' },
    ]);
  });

  test('may be answered by a whole response, one without success too', async () => {
    const response = { choices: [{ message: { content: 'so' }, finish_reason: 'stop' }], model: 'm' };
    const asked = { rows, answers: { 1: { response } }, loaded: { 1: { answer: 'so' } } };
    expect(await differing({}, asked)).toEqual([]);
    const error = { error: { message: 'too long', code: 'context_length_exceeded' } };
    const refused = { rows, answers: { 1: { response: error, status: 400 } } };
    expect(await differing({}, { ...refused, failed: { 1: { stage: 'request' } } })).toEqual([]);
  });

  test.each([
    ['openai', 'gpt-4o-mini', 'chat'],
    ['openai', 'gpt-4o-mini', 'responses'],
    ['anthropic', 'claude-sonnet-4-5', 'chat'],
    ['gemini', 'gemini-2.5-flash', 'chat'],
  ])('is the same at %s with %s by %s', async (type, model, endpoint) => {
    const pipeline = {
      provider: { type },
      request: { ...base.request, endpoint, model },
      sink: { ...base.sink, columns: { answer: 'text', model: 'model', why: 'finish_reason' } },
    };
    const three = [...rows, { id: 2, body: 'two' }, { id: 3, body: 'three' }];
    const answers = { 1: 'yes', 2: { cut: 'half' }, 3: { refusal: 'never' } };
    const loaded = { 1: { answer: 'yes', model, why: 'stop' }, 2: { answer: 'half', why: 'length' } };
    expect(
      await differing(pipeline, { rows: three, answers, loaded, failed: { 3: { message: 'never' } } }),
    ).toEqual([]);
  });

  test.each([
    ['openai', 'text-embedding-3-small'],
    ['gemini', 'gemini-embedding-001'],
  ])('may be a vector at %s', async (type, model) => {
    const pipeline = {
      provider: { type },
      request: { endpoint: 'embeddings', model, input: '{{ body }}' },
      sink: { ...base.sink, columns: { vector: 'embedding' } },
    };
    const cases = { rows, answers: { 1: [0.1, 2] }, loaded: { 1: { vector: [0.1, 2] } } };
    expect(await differing(pipeline, cases)).toEqual([]);
  });

  test('is one answer for rows that ask the same', async () => {
    const twins = [...rows, { id: 2, body: 'one' }];
    const pipeline = { request: { ...base.request, dedupe: true } };
    const cases = {
      rows: twins,
      answers: { 1: 'yes' },
      loaded: { 1: { answer: 'yes' }, 2: { answer: 'yes' } },
    };
    expect(await differing(pipeline, cases)).toEqual([]);
    expect(await differing(pipeline, { rows: twins, requests: { 2: { contains: 'one' } } })).toEqual([
      { path: 'requests.2', message: 'nothing is sent for it: it shares the request of 1' },
    ]);
  });

  test('follows the fields as a database would give them, and as CSV does', async () => {
    const wide = [{ id: 1, n: 2, share: 0.5, yes: true, none: null, at: '2026-01-02T03:04:05Z', list: [1] }];
    const prompt = '{{ n | plus: 1 }} {{ share }} {{ yes }} [{{ none }}] {{ at }} {{ list }}';
    const pipeline = {
      request: { ...base.request, prompt },
      sink: { ...base.sink, columns: { more: 'row.n + 1' } },
    };
    const cases = { rows: wide, requests: { 1: { contains: '3 0.5 true [] 2026-01-02T03:04:05Z [1]' } } };
    expect(await differing(pipeline, { ...cases, answers: { 1: 'a' }, loaded: { 1: { more: 3 } } })).toEqual(
      [],
    );
    const csv = { source: { type: 'csv', path: 'x.csv', key: 'id' }, sink: { type: 'jsonl', path: 'o' } };
    const kinds = { ...csv, sink: { ...csv.sink, columns: { kind: 'type(row.n) == string' } } };
    expect(
      await differing(kinds, {
        rows: [{ id: 1, n: 2, body: 'x' }],
        answers: { 1: 'a' },
        loaded: { 1: { kind: true } },
      }),
    ).toEqual([]);
  });

  test('may be told in several cases, which share the rows and have names', async () => {
    const cases = [
      { name: 'good', answers: { 1: 'a' }, loaded: { 1: { answer: 'a' } } },
      { name: 'bad', rows: [{ id: 5, body: 'five' }], answers: { 5: 'a' }, loaded: { 5: { answer: 'b' } } },
    ];
    const result = await tested({}, { rows, cases });
    expect(result.cases.map(({ name, differences }) => [name, differences.length])).toEqual([
      ['good', 0],
      ['bad', 1],
    ]);
  });

  test('may be that of a target', async () => {
    const targets = { shout: { request: { prompt: '{{ body | upcase }}' } } };
    expect(
      await differing({ targets }, { rows, target: 'shout', requests: { 1: { contains: 'ONE' } } }),
    ).toEqual([]);
  });
});

describe('a test file that is wrong', () => {
  test('is told with every fault and its place', async () => {
    const text = 'rows: [{ id: 1, body: one }]\nanswer:\n  1: a\nfailed:\n  1: { cod: x }\n';
    expect(await problemsOf(text)).toEqual([
      '2:1  answer  unknown key  (did you mean answers?)',
      '5:8  failed.1.cod  unknown key  (did you mean code?)',
    ]);
  });

  test('names rows that there are not', async () => {
    expect(await problemsOf('rows: [{ id: 17, body: one }]\nloaded:\n  71: { answer: a }\n')).toEqual([
      '3:3  loaded.71  no row has this key; there are 17',
    ]);
  });

  test('has rows', async () => {
    expect(await problemsOf('answers: { 1: a }\n')).toEqual(['1:1  rows  required']);
  });
});
