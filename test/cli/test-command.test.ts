import { expect, test } from 'vitest';
import { PipelineProject } from '../support/pipeline-process.ts';

test('pipeline test ends with 0, 1 or 2, and shows what differs', async () => {
  await using project = await PipelineProject.create({
    source: { type: 'csv', path: 'in.csv', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: 'Sum up: {{ body }}' },
    provider: { type: 'openai', api_key: '${NO_SUCH_KEY}' },
    sink: { type: 'jsonl', path: 'out.jsonl' },
  });
  expect(await project.cli('test', 'pipeline.yaml')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('The pipeline has no test file.') as string,
  });
  const good =
    'rows: [{ id: 1, body: a }]\nanswers:\n  1: |\n    one\n    two\nloaded:\n  1:\n    text: |\n      one\n      two\n';
  await project.write('pipeline.test.yaml', good);
  expect(await project.cli('test', 'pipeline.yaml')).toEqual({
    code: 0,
    stdout: 'pipeline.test.yaml: ok, 1 of 1 case\n',
    stderr: '',
  });
  await project.write('pipeline.test.yaml', good.replace('      two', '      three'));
  const bad = await project.cli('test', 'pipeline.yaml');
  expect(bad).toMatchObject({ code: 1, stderr: '' });
  expect(bad.stdout.split('\n')).toEqual([
    '1 difference:',
    'pipeline.test.yaml:8:11  loaded.1.text',
    '    one',
    '  - three',
    '  + two',
    '    ',
    'pipeline.test.yaml: failed, 0 of 1 case',
    '',
  ]);
  const json = await project.cli('test', 'pipeline.yaml', '--json');
  expect(json.code).toBe(1);
  expect(JSON.parse(json.stdout)).toMatchObject([
    {
      file: 'pipeline.test.yaml',
      ok: false,
      cases: [{ name: null, differences: [{ path: 'loaded.1.text' }] }],
    },
  ]);
  await project.write('pipeline.test.yaml', 'rowz: []\n');
  expect(await project.cli('test', 'pipeline.yaml')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(
      'pipeline.test.yaml:1:1  rowz  unknown key  (did you mean rows?)',
    ) as string,
  });
});
