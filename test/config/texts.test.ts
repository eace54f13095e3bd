import { describe, expect, test } from 'vitest';
import { broken, checkFile } from './check-file.ts';

function placeOf(source: string, env: Readonly<Record<string, string>> = {}): readonly string[] {
  return checkFile(source, env).lines.map((line) => line.split('  ').slice(0, 2).join(' '));
}

describe('the place of a fault inside a template', () => {
  const prompt = '  prompt: "{{ subject }}"';
  test.each([
    ['a plain scalar', '  prompt: hi {{ a | nope }}', 'p.yaml:10:14'],
    ['a quoted scalar', '  prompt: "hi {{ a | nope }}"', 'p.yaml:10:15'],
    ['a literal block', '  prompt: |\n    hello\n    now {{ a | nope }}', 'p.yaml:12:9'],
    [
      'a literal block with an indented line',
      '  prompt: |-\n    hello\n\n      {{ a | nope }}',
      'p.yaml:13:7',
    ],
    ['folded text: where it begins', '  prompt: >\n    hello\n    {{ a | nope }}', 'p.yaml:10:11'],
  ])('%s', (_name, replacement, expected) => {
    expect(placeOf(broken(prompt, replacement))).toEqual([`${expected} request.prompt`]);
  });

  test('a text that came from a variable: the place of the variable, and none of its text', () => {
    const source = broken(prompt, '  prompt: ${PROMPT}');
    const { lines } = checkFile(source, { PROMPT: 'secret words {{ topsecret | nope }}' });
    expect(lines).toEqual([
      'p.yaml:10:11  request.prompt  is wrong at line 1, column 14 once its variables are filled in',
    ]);
  });

  test('messages and system too', () => {
    const messages = '  messages:\n    - { role: user, content: "{% if %}" }';
    expect(placeOf(broken(prompt, messages))).toEqual([
      expect.stringMatching(/^p\.yaml:11:3\d request\.messages\.0\.content$/),
    ]);
    expect(placeOf(broken(prompt, '  prompt: x\n  system: "{{ x"'))).toEqual(['p.yaml:11:12 request.system']);
  });
});

describe('expressions', () => {
  test('of columns, short and long', () => {
    const columns = '  table: tags\n  columns:\n    a: "text +"\n    b: { value: "json.[" }';
    expect(placeOf(broken('  table: tags', columns))).toEqual([
      expect.stringMatching(/^p\.yaml:16:\d+ sink\.columns\.a$/),
      expect.stringMatching(/^p\.yaml:17:\d+ sink\.columns\.b\.value$/),
    ]);
  });
});

test('names and types of columns that no answer has', () => {
  const columns = `  table: tags\n  columns:\n    a: jsn.x\n    b: "'x' + now.y - modl"\n    c: "1 + true"`;
  expect(checkFile(broken('  table: tags', columns)).lines).toEqual([
    'p.yaml:16:8  sink.columns.a  Unknown variable: jsn  (did you mean json?)',
    'p.yaml:17:23  sink.columns.b  Unknown variable: modl  (did you mean model?)',
    expect.stringContaining('p.yaml:18:9  sink.columns.c  '),
  ]);
});

function withPrompt(text: string) {
  return checkFile(broken('"{{ subject }}"', text));
}

describe('the current time in a template', () => {
  test('is a warning, not a fault', () => {
    const { pipeline, warnings } = withPrompt(`"{{ 'now' | date: '%Y' }}"`);
    expect(pipeline).toBeDefined();
    expect(warnings).toMatchObject([{ where: 'p.yaml', line: 10, column: 11, path: 'request.prompt' }]);
  });

  test('a date of the row is no reason to warn', () => {
    expect(withPrompt(`"{{ created | date: '%Y' }} now"`).warnings).toEqual([]);
  });
});
