import { describe, expect, test } from 'vitest';
import { broken, checkFile, sound } from './check-file.ts';

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
    const { pipeline, warnings } = withPrompt(`"{{ 'now' | date: '%Y' }} {{ subject }}"`);
    expect(pipeline).toBeDefined();
    expect(warnings).toMatchObject([{ where: 'p.yaml', line: 10, column: 11, path: 'request.prompt' }]);
  });

  test('a date of the row is no reason to warn', () => {
    expect(withPrompt(`"{{ created | date: '%Y' }} now"`).warnings).toEqual([]);
  });
});

const filtered = (where: string) =>
  checkFile(`${sound}transforms:\n  - { type: filter, where: ${JSON.stringify(where)} }\n`).lines;

describe('functions that there are not', () => {
  test.each([
    ['len(body) > 0', 29, 'len', 'size'],
    ['body != null && lower(body) == "x"', 45, 'lower', 'lowerAscii'],
    ['body.strip() != ""', 29, 'strip', 'trim'],
    ['tags.exists(t, t.startWith("a"))', 44, 'startWith', 'startsWith'],
    ['sizee(body) > 0', 29, 'sizee', 'size'],
  ])('%s', (where, column, name, suggestion) => {
    expect(filtered(where)).toEqual([
      `p.yaml:17:${column}  transforms.0.where  there is no function ${name}  (did you mean ${suggestion}?)`,
    ]);
  });

  test('whatever the fields are called', () => {
    for (const where of ['type == "a" && int > 3', 'tags.all(t, size(t) > 1)', 'has(meta.a) && meta.a']) {
      expect(filtered(where)).toEqual([]);
    }
  });

  test('in columns too', () => {
    const { lines } = checkFile(`${sound}  columns: { n: "len(text)" }\n`);
    expect(lines).toEqual(['p.yaml:16:18  sink.columns.n  there is no function len  (did you mean size?)']);
  });
});

describe('members that no row has', () => {
  const output = `  output:
    schema:
      type: object
      additionalProperties: false
      required: [topic, at]
      properties:
        topic: { type: string }
        at: { type: object, additionalProperties: false, required: [day], properties: { day: { type: string } } }
`;
  const file = broken('sink:\n', `${output}sink:\n`);

  test('are all listed, each at its place', () => {
    const columns = `  columns:\n    a: json.topics\n    b: "'x' + json.at.dya"\n    c: key.idd\n    d: usage.tokens\n    e: embedding\n`;
    expect(checkFile(`${file}${columns}`).lines).toEqual([
      'p.yaml:25:8  sink.columns.a  the schema has no "topics"  (did you mean topic?)',
      'p.yaml:26:15  sink.columns.b  json.at of the schema has no "dya"; there are: day',
      'p.yaml:27:8  sink.columns.c  the key has no "idd"  (did you mean id?)',
      'p.yaml:28:8  sink.columns.d  usage has no "tokens"; there are: input_tokens, output_tokens, total_tokens, cached_tokens',
      'p.yaml:29:8  sink.columns.e  requests for chat and responses are not answered with embedding',
    ]);
  });

  test('also beside faults of quite another kind', () => {
    const { lines } = checkFile(`${file.replace('name: tags', 'nmae: tags')}  columns: { a: json.topics }\n`);
    expect(lines).toHaveLength(2);
  });

  test('of a schema that lets others through, and of answers without one, nothing is claimed', () => {
    const open = file.replace('additionalProperties: false\n', 'additionalProperties: true\n');
    const { lines } = checkFile(`${open}  columns: { a: json.topics, b: row.x, c: json.at.day }\n`);
    expect(lines.filter((line) => line.includes('sink.columns'))).toEqual([]);
    expect(checkFile(`${sound}  columns: { a: body.x }\n`).lines).toEqual([]);
  });
});
