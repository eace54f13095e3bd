import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { errorsPage } from '../../src/reference/errors-page.ts';
import { errorTexts } from '../../src/reference/error-texts.ts';
import { readSourceFiles } from '../support/source-files.ts';

const page = errorsPage();
const src = join(import.meta.dirname, '../../src');

test('every code that is written where an error is made is on the page', () => {
  const made = readSourceFiles().flatMap(({ path }) =>
    Array.from(
      readFileSync(join(src, path), 'utf8').matchAll(/new BatchlineError\(\s*'([a-z_]+)'/g),
      ([, code = '']) => code,
    ),
  );
  expect(made.length).toBeGreaterThan(100);
  expect(made.filter((code) => !page.includes(`| \`${code}\` |`))).toEqual([]);
});

test('a code that is chosen among several is on the page, with its hint', () => {
  for (const code of [
    'too_many_connections',
    'create_in_doubt',
    'column_missing',
    'rate_limited',
    'bad_record',
  ])
    expect(page).toContain(`| \`${code}\` |`);
  const full = errorTexts().find(({ code }) => code === 'database_disk_full');
  expect(full?.hint).toBe("Make room on the database server's disk.");
});

test('an error says what happened, its exit code and what to do', () => {
  expect(errorTexts().find(({ code }) => code === 'build_exists')).toEqual({
    code: 'build_exists',
    message: 'The folder holds a build already.',
    hint: 'Name another folder with --out, or delete this one if its results are no longer awaited.',
    exitCode: '2',
  });
});

test('the codes that recovery names are on the page', () => {
  const recovery = readFileSync(join(src, '../docs/recovery.md'), 'utf8');
  const named = Array.from(recovery.matchAll(/\(exit \d[^)]*?`([a-z]+_[a-z_]+)`/g), ([, code = '']) => code);
  expect(named).toContain('create_in_doubt');
  expect(named.filter((code) => !page.includes(`| \`${code}\` |`))).toEqual([]);
});
