import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { broken, checkFile, sound } from './check-file.ts';

describe('YAML itself', () => {
  test.each([
    ['name: a\nname: b', 'p.yaml:2:1  duplicate key name'],
    ['name: !env X', 'p.yaml:1:7  unknown tag !env'],
    ['name: !!js/function "x"', 'p.yaml:1:7  unknown tag !!js/function'],
    [
      'name: *nothing',
      'p.yaml:1:7  no anchor is named &nothing; a text that begins with * must stand in quotes',
    ],
    [
      'batch: { max_requests: ${N} }',
      'p.yaml:1:25  inside { } and [ ] a variable must stand in quotes: "${NAME}"',
    ],
    ['name: [a', 'p.yaml:2:1  is not valid YAML: '],
    ['\tname: a', 'p.yaml:1:1  is not valid YAML: '],
  ])('%j', (piece, expected) => {
    const { lines, pipeline } = checkFile(broken('name: tags', piece));
    expect(pipeline).toBeUndefined();
    expect(lines.join('\n')).toContain(expected);
  });

  test.each([
    ['prompt: "{{ subject }}"', 'prompt: {{ subject }}'],
    ['prompt: "{{ subject }}"', 'prompt: {{ subject }} {{ body }}'],
    ['prompt: "{{ subject }}"', 'messages: [{ role: user, content: {{ subject }} }]'],
  ])('a template without quotes: %j to %j', (piece, replacement) => {
    const { lines } = checkFile(broken(piece, replacement));
    const [first, ...others] = lines;
    expect(first).toMatch(/^p\.yaml:10:\d+ {2}a template that begins with \{\{ must stand in quotes/);
    expect(others).toEqual([]);
  });

  test('other faults of a line that holds a template', () => {
    const { lines } = checkFile(broken('prompt: "{{ subject }}"', 'prompt: "- {{ subject }}" x'));
    expect(lines).toEqual([expect.stringContaining('is not valid YAML')]);
  });

  test('a star without quotes is told once', () => {
    expect(checkFile(broken('name: tags', 'name: *tags')).lines).toHaveLength(1);
  });

  test('a second document', () => {
    expect(checkFile(`${sound}---\nname: b\n`).lines).toEqual([
      'p.yaml:16:1  a pipeline file is one YAML document; a second one begins here',
    ]);
  });

  test.each(['', '# nothing\n', '---\n'])('an empty file: %j', (source) => {
    expect(checkFile(source).lines).toEqual([expect.stringMatching(/^p\.yaml:1:\d  the file is empty$/)]);
  });

  test.each(['just text', '- a\n- b\n', '5'])('no map: %j', (source) => {
    expect(checkFile(source).lines).toEqual(['p.yaml:1:1  must be a map of keys']);
  });

  test('aliases that multiply without measure are refused', () => {
    const layers = Array.from({ length: 9 }, (_, i) => `x${i + 1}: &x${i + 1} [${`*x${i}, `.repeat(9)}]`);
    const { lines } = checkFile(`x0: &x0 [a]\n${layers.join('\n')}\n`);
    expect(lines).toEqual([expect.stringContaining('cannot be read')]);
  });

  test('anchors and merges are followed to the values behind them', () => {
    const source = broken('  table: tags', '  table: tags\n  columns:\n    <<: &base { a: "text +" }\n');
    expect(checkFile(source).lines).toEqual([
      expect.stringMatching(/^p\.yaml:16:2\d {2}sink\.columns\.a {2}/),
    ]);
  });

  test('whatever the text, it is judged and never thrown over', () => {
    const line = fc.oneof(
      fc.constantFrom(...sound.split('\n')),
      fc.string({ unit: 'grapheme', maxLength: 30 }),
      fc.constantFrom('  - a', 'a: &a', 'b: *a', '? x', '  <<: *a', 'key: |', '${X:-', '"${', '{', '!!map'),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
        const checked = checkFile(lines.join('\n'), { X: '1' });
        expect(checked.pipeline === undefined).toBe(checked.problems.length > 0);
        for (const { line, column } of checked.problems) {
          expect(line).toBeGreaterThan(0);
          expect(column).toBeGreaterThan(0);
        }
      }),
      { numRuns: 300 },
    );
  });
});
