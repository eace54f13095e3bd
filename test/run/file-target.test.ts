import { readFile, symlink, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { allButFirst } from '../support/held-batches.ts';
import { createProxy } from '../support/proxy.ts';
import { useFileTarget, emulator, create, lines } from './file-target-scene.ts';

useFileTarget();

it('is replaced by all the rows, also after another run has used the same temporary file', async () => {
  const held = allButFirst();
  await using proxy = await createProxy(emulator.url, held.middleware);
  await using project = await create(proxy.url);
  const { child, result } = project.watch(['run', 'pipeline.yaml'], (line) => {
    if (/file 1 done/.test(line)) child.kill('SIGINT');
  });
  expect(await result).toMatchObject({ code: 130 });
  held.release();
  expect(await project.run('--new-run')).toMatchObject({ code: 0 });
  expect(await lines(project.path('answers.csv'))).toBe(5);
  expect(await project.run()).toMatchObject({ code: 0, stderr: expect.stringContaining('resum') });
  expect(await lines(project.path('answers.csv'))).toBe(5);
});

it('is not replaced by the rows of a limited run', async () => {
  await using project = await create(emulator.url);
  await writeFile(project.path('answers.csv'), 'old\n');
  for (const flags of [['--limit', '1']]) {
    expect(await project.run(...flags)).toMatchObject({ code: 2, stderr: expect.stringContaining('--set') });
  }
  expect(await readFile(project.path('answers.csv'), 'utf8')).toBe('old\n');
  await project.summary(0, '--limit', '1', '--set', 'sink.path=sample.csv');
  expect(await lines(project.path('sample.csv'))).toBe(2);
});

it('is never one of the files that are read', async () => {
  await using project = await create(emulator.url);
  const notes = await readFile(project.path('notes.csv'), 'utf8');
  await symlink(project.path('notes.csv'), project.path('link.csv'));
  for (const flags of [
    ['--set', 'sink.path=notes.csv'],
    ['--set', 'sink.path=link.csv'],
    ['--set', 'source.path=*s.csv', '--set', 'sink.path=./notes.csv'],
  ]) {
    const { code, stderr } = await project.run(...flags);
    expect([code, stderr]).toEqual([2, expect.stringContaining('is both source and sink')]);
  }
  expect(await readFile(project.path('notes.csv'), 'utf8')).toBe(notes);
});
