import { expect, test } from 'vitest';
import { excerptAt } from '../../src/config/excerpt.ts';
import { problemLines } from '../../src/config/problem.ts';
import { checkFile } from './check-file.ts';

test('what YAML cannot read is told once, with its line and a caret', () => {
  const source = 'name: tags\nsource:\n  type: csv\n   path: a.csv\n  key: [id\nsink: }\n';
  const { problems } = checkFile(source);
  expect(problems).toHaveLength(1);
  expect(problems.flatMap(problemLines)).toEqual([
    expect.stringMatching(/^p\.yaml:3:9 {2}is not valid YAML: /),
    ' 3 |   type: csv',
    '   |         ^',
  ]);
});

test('a fault that shows at the end of the file stands behind its last line', () => {
  const source = 'name: [a\n\n';
  expect(excerptAt(source, source.length)).toEqual([' 1 | name: [a', '   |         ^']);
});

test('of a long line the part around the place is shown', () => {
  const [line = '', caret = ''] = excerptAt(`a: ${'x'.repeat(1000)}!`, 800);
  expect(line.length).toBeLessThan(200);
  expect(caret.length).toBeLessThan(200);
});

test.each([
  'api_key: "hunter22',
  'provider: { api_key: "hunter22 }',
  'provider:\n  headers:\n    X-Mine: "hunter22',
  'source:\n  url: "postgres://ann:hunter22@db/x',
  'source: { path: "x://ann:hunter22@db/x }',
  'a: "sk-hunter22hunter22',
  'headers:\n\n  # why\n  - "hunter22',
])('no secret is shown: %j', (source) => {
  expect(excerptAt(source, source.length - 3).join('\n')).not.toContain('hunter22');
});
