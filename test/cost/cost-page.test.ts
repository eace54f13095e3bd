import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runColumnNames } from '../../src/core/run-row.ts';
import { listVersion } from '../../src/cost/listed-rates.ts';
import { checkFile, sound } from '../config/check-file.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/cost.md'), 'utf8');

it('the page names the date of the list, and every column of runs_table', () => {
  expect(page).toContain(listVersion.date);
  const named = new Set([...page.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  expect(runColumnNames.filter((name) => !named.has(name))).toEqual([]);
});

it.each([...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, example = '']) => example))(
  'its example is sound: %s',
  (example) => expect(checkFile(`${sound}${example}`).lines).toEqual([]),
);
