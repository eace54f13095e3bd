import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { checkFile } from '../config/check-file.ts';
import { pageExamples, pageVariables } from './pages.ts';

const others = {
  source: { type: 'jsonl', path: 'rows.jsonl', key: 'id' },
  sink: { type: 'jsonl', path: 'answers.jsonl' },
};

test('every page but the index has an example', () => {
  const pages = readdirSync(new URL('../../docs/providers', import.meta.url));
  const shown = new Set(pageExamples().map(({ page }) => page));
  expect(pages.filter((page) => !shown.has(page) && page !== 'README.md')).toEqual([]);
});

test.each(pageExamples())('an example of $page is right', ({ text, blocks }) => {
  const rest = Object.entries(others).filter(([name]) => !(name in blocks));
  const whole = [text, ...rest.map(([name, block]) => stringify({ [name]: block }))].join('');
  const { lines, warnings } = checkFile(whole, pageVariables);
  expect(lines).toEqual([]);
  expect(warnings).toEqual([]);
});
