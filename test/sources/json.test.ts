import { describe, expect, test } from 'vitest';
import { json } from '../../src/sources/json.ts';
import { type JsonInput, openJson } from './json-support.ts';
import { readRows, SourceFolder } from './source-folder.ts';

describe('the list', () => {
  test.each<[string, string, JsonInput]>([
    ['the whole text', '[{"id":1},{"id":2}]', {}],
    ['a member', '{"n":2,"items":[{"id":1},{"id":2}],"more":[3]}', { pick: 'items' }],
    [
      'further down',
      '{"a":[[{}]],"data":{"x":{"items":[]},"items":[{"id":1},\n{"id":2}]}}',
      { pick: 'data.items' },
    ],
    ['in another list', '[{"items":[0]},{"items":[{"id":1},{"id":2}]}]', { pick: '1.items' }],
  ])('%s', async (_, text, config) => {
    const rows = await read(text, config);
    expect(rows.map(({ key }) => key)).toEqual(['1', '2']);
  });

  test('on one line or many: records know their line and number', async () => {
    const rows = await read('[{"id":1},{"id":2},\n\n  {\n"id":3\n}\n, {"id":4}]');
    expect(rows.map(({ at }) => at)).toEqual([
      'a.json:1 (record 1)',
      'a.json:1 (record 2)',
      'a.json:3 (record 3)',
      'a.json:6 (record 4)',
    ]);
  });
});

describe('faults', () => {
  test.each<[string, string, JsonInput, string, string, string]>([
    ['an object', '{"n":1,"data":{"items":[{"id":1}]}}', {}, 'not_a_list', 'a.json:1', 'data.items'],
    ['an object without lists', '{"id":1}\n{"id":2}\n', {}, 'not_a_list', 'a.json:1', 'type: jsonl'],
    ['a picked object', '{"data":{"items":[]}}', { pick: 'data' }, 'not_a_list', 'a.json:1', 'data.items'],
    ['nothing to pick', '{"data":{"items":[]}}', { pick: 'rows' }, 'not_a_list', 'a.json:1', 'data.items'],
    ['a list to pick from', '[{"id":1}]', { pick: 'rows' }, 'not_a_list', 'a.json:1', 'take `pick` out'],
    ['a missing comma', '[\n{"id":1}\n{"id":2}]', {}, 'bad_record', 'a.json:3', 'again'],
    ['a cut text', '[\n{"id":1},\n{"id":2', {}, 'bad_record', 'a.json:3', 'again'],
    ['text behind the list', '[{"id":1}]\n]', {}, 'bad_record', 'a.json:2', 'again'],
    ['no object', '[\n{"id":1},\n\n7]', {}, 'bad_record', 'a.json:4', 'on_bad_record'],
  ])('%s', async (_, text, config, code, where, advice) => {
    const error = { code, where, hint: expect.stringContaining(advice) as string };
    await expect(read(text, config)).rejects.toMatchObject(error);
  });

  test('a syntax error is told of behind the records before it, also where bad records are passed over', async () => {
    const good = Array.from({ length: 3000 }, (_, id) => `{"id":${id}}`);
    await using folder = await SourceFolder.create({ 'a.json': `[\n${good.join(',\n')},\n{"id":oops}]` });
    const opened = openJson(folder, 'a.json', { on_bad_record: 'skip' });
    await expect(opened).rejects.toMatchObject({
      code: 'bad_record',
      where: 'a.json:3002',
      message: expect.stringContaining('after record 3000') as string,
    });
  });
});

test.each(json.examples)('example %#', (example) => {
  expect(json.config.safeParse(example).success).toBe(true);
});

async function read(text: string, config: JsonInput = {}) {
  await using folder = await SourceFolder.create({ 'a.json': text });
  await using source = await openJson(folder, 'a.json', config);
  return await readRows(source, ['id']);
}
