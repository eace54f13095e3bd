import { expect, test } from 'vitest';
import { mostLevels } from '../../src/core/nesting.ts';
import type { Value } from '../../src/core/value.ts';
import { compileExpression } from '../../src/expr/cel.ts';
import { compileTemplate, templateScope } from '../../src/expr/template.ts';

const lists = `${'['.repeat(mostLevels)}${']'.repeat(mostLevels)}`;
const maps = `${'{"a":'.repeat(mostLevels)}1${'}'.repeat(mostLevels)}`;

test.each([
  ['lists', lists],
  ['maps', maps],
])('%s nested as deep as may be go through every expression and template', (_name, json) => {
  const [x, y] = [JSON.parse(json) as Value, JSON.parse(json) as Value];
  for (const text of [
    'x == y',
    'x in [y]',
    'size([x, y]) == 2',
    '[x] != [1]',
    'type(x) == type(y)',
    '{"x": x} == {"x": y}',
  ])
    expect([text, compileExpression(text, ['x', 'y']).evaluate({ x, y })]).toEqual([text, true]);
  expect(compileExpression('[x]', ['x']).evaluate({ x })).toEqual([x]);
  for (const text of ['{{ x }}', '{{ x | json }}']) {
    const printed = compileTemplate(text).render(templateScope(['x'], () => x));
    expect(printed.replaceAll(/\s/g, '')).toBe(json);
  }
  for (const text of [
    '{% if x == y %}{% endif %}',
    '{{ x | size }}',
    '{{ x | join }}',
    '{{ x | first }}',
    '{% for z in x %}{{ z }}{% endfor %}',
  ])
    expect(() => compileTemplate(text).render(templateScope(['x', 'y'], () => x))).not.toThrow(RangeError);
});
