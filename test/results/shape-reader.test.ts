import {
  type Arbitrary,
  array,
  assert,
  constant,
  constantFrom,
  integer,
  oneof,
  property,
  record,
  string,
  tuple,
} from 'fast-check';
import { expect, test } from 'vitest';
import type { ClassifiedResult } from '../../src/core/batch-result.ts';
import { AnswerJudge } from '../../src/results/answer-judge.ts';
import type { AnswerNeed } from '../../src/core/result-variables.ts';
import { openAiDialect } from '../../src/providers/openai/dialect/dialect.ts';
import { chatLeaves as meanings } from '../../src/providers/openai/dialect/leaf-meanings.ts';
import { jsonLeaves } from '../../src/results/json-leaves.ts';
import { learnShape } from '../../src/results/line-shape.ts';
import { ParsingReader } from '../../src/results/parsing-reader.ts';
import { ShapeReader } from '../../src/results/shape-reader.ts';
import { chatBody, resultLine } from './result-lines.ts';

const needs: ReadonlySet<AnswerNeed> = new Set<AnswerNeed>(['text', 'request_id']);

function readers(judge = new AnswerJudge(needs, undefined, undefined)) {
  const parser = new ParsingReader({ dialect: openAiDialect, endpoint: 'chat', needs, judge });
  return { parser, shaped: new ShapeReader({ parser, meanings, judge, wantsRequestId: true }) };
}

/** Reads all lines with both readers, out of one block as out of a file. */
function readBoth(lines: readonly Buffer[]) {
  const { parser, shaped } = readers();
  const block = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
  const results = { shaped: [] as ClassifiedResult[], parsed: [] as ClassifiedResult[] };
  let start = 0;
  for (const line of lines) {
    const end = start + line.length;
    results.shaped.push(shaped.read(block, start, end));
    results.parsed.push(parser.read(block, start, end));
    start = end + 1;
  }
  return results;
}

function expectSame(lines: readonly Buffer[]): void {
  const { shaped, parsed } = readBoth(lines);
  expect(shaped).toEqual(parsed);
}

const id = string({ unit: constantFrom('a', '7', '-', '_', 'é', '"', '\\', '\n'), maxLength: 8 });
const content = oneof(
  string({ unit: 'binary', maxLength: 40 }),
  constantFrom('', '{"a":1}', 'a\u2028b', '\ud800', '\u0000'),
);
const count = constantFrom<unknown>(0, 7, 123, 1.5, -1, 1e21, 9_007_199_254_740_992, null, '7', undefined);

const usage = oneof(
  record({
    prompt_tokens: count,
    completion_tokens: count,
    total_tokens: count,
    prompt_tokens_details: constantFrom<unknown>(
      null,
      {},
      { cached_tokens: 3 },
      { cached_tokens: null },
      { cached_tokens: 3, cache_write_tokens: 4 },
      { cached_tokens: 0, cache_write_tokens: '4' },
      { cache_write_tokens: null },
    ),
  }),
  record({ input_tokens: count, output_tokens: count, input_tokens_details: constant({ cached_tokens: 1 }) }),
  constantFrom<unknown>(null, undefined, {}, []),
);

const tier = constantFrom<unknown>('default', 'flex', 'a tier', null, undefined);

const plainLine = tuple(id, content, integer({ min: 0, max: 5000 }), constantFrom(0, 0, 5, 1234), tier).map(
  ([customId, text, tokens, written, service_tier]) =>
    resultLine(
      chatBody(text, {
        service_tier,
        usage: {
          prompt_tokens: tokens,
          completion_tokens: 1,
          total_tokens: tokens + 1,
          prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: written },
        },
      }),
      200,
      customId,
    ),
);

const oddLine = record({
  customId: id,
  text: oneof(content, constantFrom<unknown>(null, 7, [{ type: 'text', text: 'x' }])),
  usage,
  tier,
  finish: constantFrom('stop', 'length', 'content_filter', null),
  refusal: constantFrom<unknown>(null, '', 'No.'),
  error: constantFrom<unknown>(null, '', 'broken', { code: 'batch_expired' }),
  bodyError: constantFrom<unknown>(undefined, null, '', 'x'),
  model: constantFrom<unknown>('m', 'é', '', null, 7),
  requestId: constantFrom<unknown>('req', '', null, 7),
  status: constantFrom<unknown>(200, 0, 201, 500, '200'),
}).map(({ customId, text, usage, tier, finish, refusal, error, bodyError, model, requestId, status }) => {
  const body = {
    ...chatBody(text, { usage, model, service_tier: tier, error: bodyError }, { finish_reason: finish }),
  };
  const [choice] = body.choices;
  const message = { ...choice?.message, refusal };
  const whole = { ...body, choices: [{ ...choice, message }] };
  return {
    id: 'b',
    custom_id: customId,
    response: { status_code: status, request_id: requestId, body: whole },
    error,
  };
});

const asBytes = (line: unknown): Buffer => Buffer.from(JSON.stringify(line));

/** Cuts, doubles or overwrites bytes anywhere, so that the line is broken, or valid and means something else. */
const spliced: Arbitrary<Buffer> = tuple(
  plainLine,
  integer({ min: 0, max: 600 }),
  integer({ min: 0, max: 12 }),
  constantFrom(
    '',
    '"',
    '\\',
    '\\"',
    '\\u00',
    '0',
    '-',
    '1e5',
    '.5',
    ',',
    '}',
    '{',
    'null',
    '\t',
    '\u0001',
    'é',
    '"x":1,',
    ' ',
    'length',
  ),
).map(([line, at, cut, put]) => {
  const bytes = asBytes(line);
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(put), bytes.subarray(at + cut)]);
});

/** Small edits at the places where a reader that does not parse could be fooled. */
const edited: Arbitrary<Buffer> = tuple(
  plainLine,
  constantFrom<readonly [RegExp, string]>(
    [/"total_tokens":/, '"total_tokens":0'],
    [/"total_tokens":/, '"total_tokens":-'],
    [/"prompt_tokens":(\d+)/, '"prompt_tokens":$1.5'],
    [/"created":/, '"created":00'],
    [/"content":"/, '"content":"\t'],
    [/"content":"/, '"content":"\u0001'],
    [/"content":"/, '"content":"\\q'],
    [/"content":"/, '"content":"\\u12'],
    [/"custom_id":"/, '"custom_id":"\u007f\t'],
    [/"custom_id":"[^"]*"/, '"custom_id":""'],
    [/"id":"batch_req_1"/, '"id":"batch\\req"'],
    [/"request_id":"req_1"/, '"request_id":"r\\u0031"'],
    [/$/, 'x'],
    [/$/, ' '],
    [/\}$/, ''],
    [/\}$/, ',"error":"x"}'],
    [/"status_code":200/, '"status_code":500'],
  ),
).map(([line, [find, put]]) => Buffer.from(JSON.stringify(line).replace(find, put)));

test('gives what parsing gives, whatever the lines', () => {
  const line = oneof(
    { weight: 4, arbitrary: plainLine.map(asBytes) },
    { weight: 1, arbitrary: oddLine.map(asBytes) },
    { weight: 2, arbitrary: spliced },
    { weight: 2, arbitrary: edited },
  );
  assert(property(array(line, { minLength: 2, maxLength: 30 }), expectSame), { numRuns: 600 });
});

test('gives what parsing gives for bytes that are no UTF-8', () => {
  const pieces = asBytes(resultLine(chatBody('XY')))
    .toString('latin1')
    .split('XY');
  const odd = [[0xc3], [0xff, 0x41], [0xe2, 0x80], [0xf0, 0x9f, 0x98], [0x41, 0xc3, 0x28]].map((bytes) =>
    Buffer.concat([Buffer.from(pieces[0] ?? ''), Buffer.from(bytes), Buffer.from(pieces[1] ?? '')]),
  );
  const { shaped, parsed } = readBoth([asBytes(resultLine(chatBody('plain'))), ...odd]);
  expect(shaped).toEqual(parsed);
  expect(shaped.every(({ kind }) => kind === 'ok')).toBe(true);
});

test('does not parse lines of a shape that it knows', () => {
  let parsed = 0;
  const judge = new AnswerJudge(needs, undefined, undefined);
  class CountingParser extends ParsingReader {
    override read(block: Buffer, start: number, end: number) {
      parsed += 1;
      return super.read(block, start, end);
    }
  }
  const parser = new CountingParser({ dialect: openAiDialect, endpoint: 'chat', needs, judge });
  const shaped = new ShapeReader({ parser, meanings, judge, wantsRequestId: true });
  for (let row = 0; row < 1000; row += 1) {
    const line = asBytes(
      resultLine(
        chatBody(`"answer" ${row}\né`, {}, { finish_reason: row % 2 ? 'stop' : 'length' }),
        200,
        `row-${row}`,
      ),
    );
    expect(shaped.read(line, 0, line.length)).toMatchObject({
      kind: 'ok',
      customId: `row-${row}`,
      answer: { text: `"answer" ${row}\né` },
    });
  }
  expect(parsed).toBe(2);
});

test('goes on when the shape of the lines changes for good', () => {
  const lines = Array.from({ length: 2000 }, (_, row) =>
    asBytes(resultLine(chatBody('x', { [`k${Math.floor(row / 100)}`]: 'v' }))),
  );
  const { shaped, parsed } = readBoth(lines);
  expect(shaped).toEqual(parsed);
});

test('finds the leaves of a JSON text', () => {
  const json = ' { "a" : [1, -2.5e3 ,"x\\"y", {"b":null}, [] ] , "c": {"d":"","e":true}, "f":{} }';
  const leaves = jsonLeaves(json)?.map(({ path, kind, start, end }) => [path, kind, json.slice(start, end)]);
  expect(leaves).toEqual([
    ['a.0', 'number', '1'],
    ['a.1', 'number', '-2.5e3'],
    ['a.2', 'text', 'x\\"y'],
    ['c.d', 'text', ''],
  ]);
  expect(jsonLeaves('{"a":1,"a":2}')).toBeUndefined();
  expect(jsonLeaves('{"a.b":1}')).toBeUndefined();
});

test('learns nothing from a line whose shape could mean something else', () => {
  const { parser } = readers();
  const learn = (line: unknown) => {
    const bytes = asBytes(line);
    const result = parser.read(bytes, 0, bytes.length);
    return result.kind === 'ok' ? learnShape(bytes.toString('latin1'), result.answer, meanings) : 'not ok';
  };
  expect(learn(resultLine(chatBody('x')))).toBeTypeOf('object');
  expect(learn({ ...resultLine(chatBody('x', { error: '' })) })).toBeUndefined();
  expect(learn(resultLine(chatBody(null, {}, { message: { content: 'x', refusal: '' } })))).toBeUndefined();
  expect(learn(resultLine(chatBody([{ text: 'x' }])))).toBeUndefined();
  expect(learn(resultLine(chatBody('x', { logs: Array.from({ length: 60 }, () => 1.5) })))).toBeUndefined();
});
