import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withLimits } from '../../src/reference/limits-table.ts';

const folder = join(import.meta.dirname, '../../docs/providers');

test('pages state the limits that are declared', () => {
  for (const page of readdirSync(folder)) {
    const text = readFileSync(join(folder, page), 'utf8');
    expect(withLimits(text)).toBe(text);
  }
  const groq = withLimits('<!-- limits: groq -->\nstale\n<!-- /limits -->\n');
  expect(groq).toMatch(/\| size +\| 95 MB +\|/);
  expect(groq).not.toContain('stale');
  expect(() => withLimits('<!-- limits: nobody -->\n<!-- /limits -->')).toThrow(RangeError);
});
