import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { generatedFiles } from '../../src/reference/pages.ts';

const run = promisify(execFile);

test('the committed schema and reference pages follow the declarations', async () => {
  const { stdout } = await run(process.execPath, ['src/reference/generate.ts', '--check']);
  expect(stdout).toBe('');
});

test('every component and command has its place in the reference', () => {
  const files = generatedFiles();
  expect([...files.keys()]).toEqual(
    expect.arrayContaining([
      'schema/pipeline.schema.json',
      'docs/reference/pipeline-file.md',
      'docs/reference/commands.md',
      'docs/reference/errors.md',
      'docs/reference/source-postgres.md',
      'docs/reference/sink-postgres.md',
      'docs/reference/provider-openai.md',
    ]),
  );
  for (const code of ['0', '1', '2', '3', '4', '130']) {
    expect(files.get('docs/reference/commands.md')).toContain(`| \`${code}\` |`);
  }
});

test('a table row has as many cells as its head, whatever stands in it', () => {
  for (const [path, text] of generatedFiles()) {
    if (!path.endsWith('.md')) continue;
    const rows = text.split('\n').filter((line) => line.startsWith('|'));
    for (const row of rows) expect(row.match(/(?<!\\)\|/g)?.length, `${path}: ${row}`).toBeOneOf([3, 4, 5]);
  }
});
