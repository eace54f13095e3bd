import { describe, expect, test } from 'vitest';
import { broken, checkFile, sound } from './check-file.ts';

function withSet(...set: string[]) {
  return checkFile(sound, {}, set);
}

describe('--set', () => {
  test('replaces values, and makes the maps on the way', () => {
    const { pipeline } = withSet(
      'request.model=x',
      'batch.max_requests=7',
      'sink.columns.a=text',
      'source.table=b=c',
    );
    expect(pipeline).toMatchObject({
      request: { model: 'x' },
      batch: { max_requests: 7 },
      sink: { columns: { a: 'text' } },
      source: { table: 'b=c' },
    });
  });

  test('reaches into lists', () => {
    const source = broken('  prompt: "{{ subject }}"', '  messages: [{ role: user, content: "{{ a }}" }]');
    const { pipeline } = checkFile(source, {}, ['request.messages.0.content={{ b }}']);
    expect(pipeline?.request.messages).toEqual([{ role: 'user', content: '{{ b }}' }]);
  });

  test.each([
    ['name=2024', '2024'],
    ['name=true', 'true'],
    ["name='5'", '5'],
  ])('%s is text where text is wanted', (argument, expected) => {
    expect(withSet(argument).pipeline?.name).toBe(expected);
  });

  test('a template is not taken for a map', () => {
    expect(withSet('request.prompt={{ a }}').pipeline?.request.prompt).toBe('{{ a }}');
  });

  test('changes one of two values that share an anchor', () => {
    const source = `shared: &s { type: postgres, url: embedded, table: t, key: id }\n${sound}`
      .replace(/source:\n( {2}.*\n)+/, 'source: *s\n')
      .replace(/sink:\n( {2}.*\n)+/, 'sink: *s\n');
    const { lines } = checkFile(source, {}, ['sink.tabel=x']);
    expect(lines).toEqual([
      'p.yaml:1:1  shared  unknown key',
      '--set sink.tabel  sink.tabel  unknown key  (did you mean table?)',
    ]);
  });

  test.each([
    ['batch.max_requests=many', '--set batch.max_requests  batch.max_requests  must be a whole number'],
    ['request.modle=x', '--set request.modle  request.modle  unknown key  (did you mean model?)'],
    ['request.prompt={{ a', '--set request.prompt  request.prompt  '],
    ['name.x=1', '--set name.x  name.x  name has no keys of its own'],
    ['batch={}', '--set batch  batch  must be a map of keys'],
  ])('%s is located on the command line', (argument, expected) => {
    const { lines } = withSet(argument);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(expected);
  });

  test('cures a fault of the file', () => {
    expect(
      checkFile(broken('endpoint: chat', 'endpoint: chatt'), {}, ['request.endpoint=chat']).lines,
    ).toEqual([]);
  });

  test('does not reach an inherited property', () => {
    withSet('__proto__.polluted=1', 'constructor.prototype.polluted=1');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
