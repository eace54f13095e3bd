import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { broken, checkFile } from './check-file.ts';

function withContent(content: string, role = 'user'): string {
  const message = `  messages:\n    - role: ${role}\n      content: ${content}\n`;
  return broken('  prompt: "{{ subject }}"\n', message);
}

const at = 'request.messages.0.content';

function field(name: string) {
  return { name, kind: 'text' as const, sqlType: 'text' };
}

test.each([
  ['a text', '[{ text: "{{ subject }}" }]'],
  ['an image alone', '[{ image: "{{ photo }}" }]'],
  ['all kinds', '[{ text: Read }, { image: "photos/{{ id }}.png" }, { file: "{{ pdf }}" }]'],
])('parts of a message: %s', (_, content) => {
  const { lines, warnings } = checkFile(withContent(content));
  expect([lines, warnings]).toEqual([[], []]);
});

test.each([
  ['{ text: "{{ a | shout }}" }', `p.yaml:12:26  ${at}.0.text  undefined filter: shout`],
  ['{ image: "{{ a" }', `p.yaml:12:27  ${at}.0.image  output "{{ a" not closed`],
  ['{ image: 5 }', `p.yaml:12:26  ${at}.0.image  must be text`],
  ['{ file: }', `p.yaml:12:25  ${at}.0.file  is empty; give it a value or take the key out`],
  ['{ imge: "{{ a }}" }', `p.yaml:12:17  ${at}.0  must hold one of text, image, file  (did you mean image?)`],
  ['{}', `p.yaml:12:17  ${at}.0  must hold one of text, image, file`],
  ['a', `p.yaml:12:17  ${at}.0  must be a map of keys`],
  [
    '{ text: "{{ a }}", image: b }',
    `p.yaml:12:36  ${at}.0.image  cannot stand beside \`text\`; write an entry for each`,
  ],
])('a fault of a part is told at its line: %s', (part, line) => {
  expect(checkFile(withContent(`[${part}]`)).lines).toEqual([line]);
});

test('a part reads fields of the row like any template', () => {
  const checked = checkFile(withContent('[{ text: "{{ subject }}" }, { image: "{{ foto }}" }]'));
  const problems = checked.problemsOf({
    before: [],
    leaving: [field('subject'), field('photo')],
    faults: [],
  });
  expect(problems).toMatchObject([
    {
      line: 12,
      path: `${at}.1.image`,
      message: expect.stringContaining('"foto" is no field') as string,
      suggestion: 'photo',
    },
  ]);
});

test('parts without a field of the row would buy the same answer for each', () => {
  const [line] = checkFile(withContent('[{ text: Read it. }, { image: a.png }]')).lines;
  expect(line).toMatch(
    /^p\.yaml:12:\d+ {2}request\.messages\.0\.content\.0\.text {2}reads no field of the row/,
  );
  expect(checkFile(withContent('[{ text: Read it. }, { image: "{{ a }}" }]')).lines).toEqual([]);
});

describe('images and files are shown by the user', () => {
  test.each(['system', 'developer', 'assistant'])('and not in a message of role %s', (role) => {
    expect(checkFile(withContent('[{ text: "{{ a }}" }, { image: "{{ b }}" }]', role)).lines).toEqual([
      `p.yaml:12:40  ${at}.1.image  stands in a message of role ${role}, which holds text alone; put it into one of role user`,
    ]);
    expect(checkFile(withContent('[{ text: "{{ a }}" }]', role)).lines).toEqual([]);
  });
});

test('the example of the page is sound', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/messages-with-images.md'), 'utf8');
  const examples = Array.from(page.matchAll(/```yaml\n(.*?)```/gs), ([, text]) => checkFile(text ?? ''));
  expect(examples.map(({ lines, warnings }) => [lines, warnings])).toEqual([[[], []]]);
});
