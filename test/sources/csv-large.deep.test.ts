import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { openCsv, readRows } from './csv-support.ts';
import { SourceFolder } from './source-folder.ts';
import { records, large } from './csv-large-scene.ts';

describe('a large file', () => {
  test('tells of its faults and of bytes that are no text', async () => {
    const text = Buffer.from(`${large(() => 'x')}1,\xff,y\n1,2\n`, 'latin1');
    await using folder = await SourceFolder.create({ 'a.csv': text });
    await using strict = await openCsv(folder, 'a.csv');
    await expect(readRows(strict, ['body'])).rejects.toMatchObject({
      code: 'bad_record',
      where: `a.csv:${records + 3}`,
      hint: expect.stringContaining('skip') as string,
    });
    expect(folder.warnings).toEqual([expect.stringContaining('not UTF-8')]);
    await using lenient = await openCsv(folder, 'a.csv', { on_bad_record: 'skip' });
    expect(await readRows(lenient, ['body'])).toHaveLength(records + 1);
    expect(lenient.badRecords).toBe(1);
  });

  test('with a quote that is never closed', async () => {
    await using folder = await SourceFolder.create({
      'a.csv': `${large(() => 'x')}1,"${'x'.repeat(65_000_000)}`,
    });
    await using source = await openCsv(folder, 'a.csv');
    await expect(readRows(source, ['body'])).rejects.toMatchObject({
      code: 'bad_record',
      where: `a.csv:${records + 2}`,
      message: expect.stringContaining('64 MB') as string,
    });
  });

  test('is read no further than a few batches ahead, and its thread ends when it is left', async () => {
    await using folder = await SourceFolder.create();
    await writeFile(
      join(folder.path, 'a.csv'),
      large(() => 'y'.repeat(8000)),
    );
    const child = spawnSync(
      process.execPath,
      [join(import.meta.dirname, 'csv-left.child.ts'), join(folder.path, 'a.csv')],
      { encoding: 'utf8', timeout: 120_000 },
    );
    expect(child.stderr).toBe('');
    expect(child.status).toBe(0);
    expect(Number(child.stdout)).toBeLessThan(40e6);
  });

  test('leaves no thread behind when it is aborted while nobody reads', async () => {
    await using folder = await SourceFolder.create({ 'a.csv': large(() => 'x') });
    await using source = await openCsv(folder, 'a.csv');
    const controller = new AbortController();
    const batches = source.read({ fields: ['body'], signal: controller.signal })[Symbol.asyncIterator]();
    await batches.next();
    await wait(50);
    controller.abort(new Error('enough'));
    const drain = async () => {
      for (let next = await batches.next(); next.done !== true; next = await batches.next());
    };
    await expect(drain()).rejects.toThrow('enough');
  });
});
