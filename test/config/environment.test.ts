import { describe, expect, test } from 'vitest';
import { broken, checkFile, sound } from './check-file.ts';

function batchOf(value: string, env: Readonly<Record<string, string>>) {
  return checkFile(broken('name: tags', `batch: { max_requests: "${value}" }`), env).pipeline?.batch
    .max_requests;
}

describe('variables in values', () => {
  test('a whole one is read again as a YAML scalar', () => {
    expect(batchOf('${N}', { N: '500' })).toBe(500);
    expect(batchOf('${N:-700}', {})).toBe(700);
  });

  test('an empty one gives way to its default', () => {
    expect(batchOf('${N:-700}', { N: '' })).toBe(700);
  });

  test.each([
    ['digits where text is wanted', '2024', '2024'],
    ['a leading zero', '007', '007'],
    ['true', 'true', 'true'],
    ['a number that YAML would shorten', '1e3', '1e3'],
  ])('%s stay text', (_name, value, expected) => {
    expect(checkFile(broken('name: tags', 'name: ${NAME}'), { NAME: value }).pipeline?.name).toBe(expected);
  });

  test.each(['x # y', 'a: b', '[a', '{a: 1}', '*alias', '!tag x', '- a', '|'])(
    '%j is text as it stands',
    (value) => {
      const { pipeline } = checkFile(broken('gpt-4o-mini', '${MODEL}'), { MODEL: value });
      expect(pipeline?.request.model).toBe(value);
    },
  );

  test('parts of a value, more than one, and the literal', () => {
    const source = broken('gpt-4o-mini', '"${A}-${B:-b}-$${C}-${A}"');
    expect(checkFile(source, { A: '1' }).pipeline?.request.model).toBe('1-b-${C}-1');
  });

  test('what comes in is not filled in again', () => {
    expect(checkFile(broken('gpt-4o-mini', '${A}x'), { A: '${B}' }).pipeline?.request.model).toBe('${B}x');
  });

  test('keys and comments are left alone', () => {
    expect(checkFile(`# \${NOT_SET}\n${sound}`).lines).toEqual([]);
    expect(checkFile(broken('name: tags', '"${A}": 1'), { A: 'name' }).lines).toEqual([
      'p.yaml:1:1  "${A}"  unknown key',
    ]);
  });

  test('in literal blocks', () => {
    const source = broken('  prompt: "{{ subject }}"', '  prompt: |\n    a ${WORD}\n    {{ b }}');
    expect(checkFile(source, { WORD: 'x' }).pipeline?.request.prompt).toBe('a x\n{{ b }}\n');
  });
});

describe('a variable that is not set', () => {
  test.each([
    ['gpt-4o-mini', '${NOPE}', 'p.yaml:9:10'],
    ['gpt-4o-mini', '"${NOPE}"', 'p.yaml:9:10'],
    ['gpt-4o-mini', 'a-${NOPE}', 'p.yaml:9:12'],
    ['"{{ subject }}"', '|\n    one\n    two ${NOPE}', 'p.yaml:12:9'],
  ])('%s -> %j', (piece, replacement, where) => {
    const { lines } = checkFile(broken(piece, replacement));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      new RegExp(
        `^${where} {2}request\\.\\w+ {2}the environment variable NOPE is not set; .*\\.env beside .* --env-file$`,
      ),
    );
  });

  test('each of them is named', () => {
    const { lines } = checkFile(broken('gpt-4o-mini', '${NOPE}-${NOPE}-${ALSO}'));
    expect(lines.map((line) => line.split('  ')[0])).toEqual(['p.yaml:9:10', 'p.yaml:9:18', 'p.yaml:9:26']);
  });

  test('says nothing else of that value', () => {
    expect(checkFile(broken('endpoint: chat', 'endpoint: ${NOPE}')).lines).toEqual([
      'p.yaml:8:13  request.endpoint  the environment variable NOPE is not set; export it, write it into .env beside the pipeline file, or name a file that has it with --env-file',
    ]);
  });

  test.each(['${}', '${a b}', '${1X}', '${A:=b}', '${open'])('%s is not a variable', (text) => {
    const { lines } = checkFile(broken('gpt-4o-mini', JSON.stringify(text)), { A: '1' });
    expect(lines).toEqual([expect.stringContaining('is not closed as ${NAME} or ${NAME:-default}')]);
  });
});
