import { access, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OpenedSink } from '../../src/core/sink.ts';
import { csv } from '../../src/sinks/csv.ts';
import { jsonl } from '../../src/sinks/jsonl.ts';
import { column, mark, resultBatch, sinkContext } from './support.ts';

let baseDir: string;
beforeEach(async () => {
  baseDir = await mkdtemp(join(tmpdir(), 'batchline-file-'));
});
afterEach(() => rm(baseDir, { recursive: true }));

const key = [column('id', 'bigint')];
const columns = [column('value', 'jsonb')];

function open(path = 'out.jsonl'): Promise<OpenedSink> {
  return jsonl.open({ path }, sinkContext(key, columns, { baseDir }));
}

function read(name: string): Promise<string> {
  return readFile(join(baseDir, name), 'utf8');
}

const one = resultBatch(1, [['1', 'one']]);
const two = resultBatch(1, [['2', 'two']]);
const three = resultBatch(1, [['3', 'three']]);
const lineOf = (id: number, value: string) => `{"id":${id},"value":"${value}"}\n`;

test('JSON lines keep every digit, and integer keys are numbers', async () => {
  await using sink = await jsonl.open(
    { path: 'out.jsonl' },
    sinkContext([column('id', 'bigint'), column('code')], columns, { baseDir }),
  );
  const values = [12345678901234567890n, JSON.rawJSON('0.10'), { a: Float32Array.of(0.5) }, null];
  await sink.load(
    resultBatch(
      2,
      values.map((value, row) => [`${10n ** 20n + BigInt(row)}`, '007', value]),
    ),
    mark(),
  );
  await sink.finish(values.length);
  expect(await read('out.jsonl')).toBe(
    [
      '{"id":100000000000000000000,"code":"007","value":12345678901234567890}',
      '{"id":100000000000000000001,"code":"007","value":0.10}',
      '{"id":100000000000000000002,"code":"007","value":{"a":[0.5]}}',
      '{"id":100000000000000000003,"code":"007","value":null}',
      '',
    ].join('\n'),
  );
});

test('shows answers that hold what other tools take for line ends', async () => {
  await using sink = await open();
  await sink.load(
    resultBatch(1, [
      ['1', 'a\u2028b\u2029c\u0085d\r\n'],
      ['2', '\u2028'],
      ['3', 'no'],
    ]),
    mark(),
  );
  await sink.finish(3);
  expect(await sink.sample(2)).toEqual({
    columns: ['id', 'value'],
    rows: [
      ['1', 'a\u2028b\u2029c\u0085d\r\n'],
      ['2', '\u2028'],
    ],
  });
});

test('CSV tells null from empty text, and quotes what must be quoted', async () => {
  await using sink = await csv.open(
    { path: 'out.csv' },
    sinkContext([column('the,key')], columns, { baseDir }),
  );
  const values = [null, '', 'a"b', 'a\nb', ['x', 1n], false, 1.5];
  await sink.load(
    resultBatch(
      1,
      values.map((value, row) => [`k${row}`, value]),
    ),
    mark(),
  );
  await sink.finish(values.length);
  expect(await read('out.csv')).toBe(
    [
      '"the,key",value',
      'k0,',
      'k1,""',
      'k2,"a""b"',
      'k3,"a\nb"',
      'k4,"[""x"",1]"',
      'k5,false',
      'k6,1.5',
      '',
    ].join('\n'),
  );
});

describe('the file', () => {
  test('has its old rows until the new ones are complete', async () => {
    await writeFile(join(baseDir, 'out.jsonl'), 'old\n');
    await using sink = await open();
    await sink.rehearse();
    await sink.prepare();
    await sink.load(one, mark());
    expect(await read('out.jsonl')).toBe('old\n');
    await sink.finish(1);
    expect(await read('out.jsonl')).toBe(lineOf(1, 'one'));
  });

  test('leaves nothing beside it', async () => {
    {
      await using sink = await open();
      await sink.load(one, mark());
      await sink.finish(1);
    }
    expect(await readdir(baseDir)).toEqual(['out.jsonl']);
  });

  test('continues where the journal ends: a torn write and a torn journal line are dropped', async () => {
    {
      await using sink = await open();
      await sink.load(one, mark('1'));
      await sink.load(two, mark('2'));
    }
    const journal = await read('out.jsonl.partial.loads');
    await writeFile(join(baseDir, 'out.jsonl.partial.loads'), journal.slice(0, -10));
    await writeFile(join(baseDir, 'out.jsonl.partial'), `${await read('out.jsonl.partial')}{"id":99`);
    await using sink = await open();
    await sink.load(three, mark('3'));
    await sink.load(one, mark('1'));
    await sink.load(two, mark('2'));
    await sink.finish(3);
    expect(await read('out.jsonl')).toBe(lineOf(1, 'one') + lineOf(3, 'three') + lineOf(2, 'two'));
  });

  test('is begun anew by another run', async () => {
    {
      await using sink = await open();
      await sink.load(one, mark('1', 'run-1'));
    }
    await using sink = await open();
    await sink.load(two, mark('1', 'run-2'));
    await sink.finish(1);
    expect(await read('out.jsonl')).toBe(lineOf(2, 'two'));
  });

  test('that a crash kept from being finished is finished later, and not emptied', async () => {
    const crashed = await open();
    await crashed.load(one, mark());
    await crashed.finish(1);
    // No dispose: the process is gone.
    await using sink = await open();
    await sink.prepare();
    await sink.finish(1);
    expect(await read('out.jsonl')).toBe(lineOf(1, 'one'));
  });

  test('whose crash came before the rename is renamed with all that was loaded', async () => {
    {
      await using sink = await open();
      await sink.load(one, mark());
    }
    await using sink = await open();
    await sink.finish(1);
    expect(await read('out.jsonl')).toBe(lineOf(1, 'one'));
  });

  test('whose rows are gone is begun anew, and does not pass for whole', async () => {
    {
      await using sink = await open();
      await sink.load(one, mark('1'));
      expect(await sink.holds(1, 'run-1')).toBe(true);
      expect(await sink.holds(1, 'run-2')).toBe(false);
    }
    await truncate(join(baseDir, 'out.jsonl.partial'), 3);
    {
      await using sink = await open();
      expect(await sink.holds(1, 'run-1')).toBe(false);
      await sink.load(two, mark('2'));
      expect(await sink.holds(2, 'run-1')).toBe(false);
      await expect(sink.finish(2)).rejects.toMatchObject({ code: 'partial_file_lost' });
    }
    await rm(join(baseDir, 'out.jsonl.partial'));
    await using other = await open();
    expect(await other.holds(1, 'run-1')).toBe(false);
    await expect(other.finish(1)).rejects.toMatchObject({ code: 'partial_file_lost' });
  });

  test('is not continued with lines of another shape', async () => {
    {
      await using sink = await open();
      await sink.load(one, mark('1'));
    }
    const other = [column('value', 'jsonb'), column('model')];
    await using sink = await jsonl.open({ path: 'out.jsonl' }, sinkContext(key, other, { baseDir }));
    expect(await sink.holds(1, 'run-1')).toBe(false);
    await sink.load(resultBatch(1, [['2', 'two', 'm']]), mark('2'));
    await sink.finish(1);
    expect(await read('out.jsonl')).toBe('{"id":2,"value":"two","model":"m"}\n');
  });

  test('holds nothing once it was begun anew, and the old rows stay until it has its name', async () => {
    await using sink = await open();
    await sink.load(one, mark('1'));
    await sink.finish(1);
    expect(await sink.holds(1, 'run-1')).toBe(true);
    await sink.restart();
    expect(await sink.holds(1, 'run-1')).toBe(false);
    expect(await read('out.jsonl')).toBe(lineOf(1, 'one'));
    await sink.load(one, mark('1'));
    await sink.load(two, mark('2'));
    await sink.finish(2);
    expect(await read('out.jsonl')).toBe(lineOf(1, 'one') + lineOf(2, 'two'));
  });

  test('may be loaded anew by a run that has finished', async () => {
    {
      await using sink = await open();
      await sink.load(one, mark());
      await sink.finish(1);
    }
    await using sink = await open();
    await sink.load(two, mark());
    await sink.finish(1);
    expect(await read('out.jsonl')).toBe(lineOf(2, 'two'));
  });
});

describe('the rehearsal', () => {
  test('changes nothing, and allows folders that are still to be made', async () => {
    await using sink = await open('a/b/out.jsonl');
    await sink.rehearse();
    await expect(access(join(baseDir, 'a'))).rejects.toThrow('ENOENT');
    await sink.prepare();
    await access(join(baseDir, 'a/b'));
  });

  test('finds a folder in the place of the file, and a file in the place of a folder', async () => {
    await mkdir(join(baseDir, 'out.jsonl'));
    await using sink = await open();
    await expect(sink.rehearse()).rejects.toMatchObject({
      code: 'path_is_folder',
      hint: 'Name a file in sink.path.',
    });
    await writeFile(join(baseDir, 'file'), '');
    await using other = await open('file/out.jsonl');
    await expect(other.rehearse()).rejects.toMatchObject({ code: 'file_sink_failed' });
  });
});

test('there is nothing to show before the first run', async () => {
  await using sink = await open();
  await expect(sink.sample(3)).rejects.toMatchObject({
    code: 'file_sink_failed',
    hint: 'There is no such file yet; a run that finishes writes it.',
  });
});
