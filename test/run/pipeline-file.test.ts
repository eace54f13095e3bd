import { describe, expect, it } from 'vitest';
import { PipelineProject } from '../support/pipeline-process.ts';

const source = { type: 'postgres', url: 'postgres://127.0.0.1:1/shop', table: 'notes', key: 'id' };

function pipeline(changed: object): object {
  return {
    source: { ...source, ...changed },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    sink: { type: 'csv', path: 'answers.csv' },
  };
}

describe('a pipeline file', () => {
  it.each([
    ['without a key', { key: undefined }, /source\.key .*required/],
    ['with an unknown source', { type: 'postgress' }, /did you mean postgres/i],
    ['with an undefined variable', { url: '${NO_SUCH_URL}' }, /NO_SUCH_URL/],
  ])('%s is refused with line and column, before anything is reached', async (_name, changed, says) => {
    await using project = await PipelineProject.create(pipeline(changed));
    const { code, stderr, stdout } = await project.run();
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/pipeline\.yaml:1:\d+ {2}/);
    expect(stderr).toMatch(says);
    expect(stderr).not.toContain('127.0.0.1');
    await expect(project.stateFiles()).rejects.toThrow(/ENOENT/);
  });

  it('that is missing is named', async () => {
    await using project = await PipelineProject.create();
    const { code, stderr } = await project.cli('run', 'nowhere.yaml');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: .*nowhere\.yaml.*\nhint: /);
  });
});
