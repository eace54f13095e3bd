import { readFile } from 'node:fs/promises';
import { expect, it, test } from 'vitest';
import { docs, measureEstimate, tables } from '../../bench/token-estimate.ts';

/** Every so many rows are enough to be sampled. */
const step = 4;

const measured = tables();

test.each(Object.keys(measured))('the planned tokens are right to 10 %%: %s', async (name) => {
  const some = (measured[name] ?? []).filter((_, row) => row % step === 0);
  const { worst, rows } = await measureEstimate(name, some);
  expect(rows).toBe(some.length);
  expect(worst).toBeLessThan(10);
});

it('the docs have the measured errors of each table', async () => {
  const text = await readFile(docs, 'utf8');
  for (const [name, texts] of Object.entries(measured)) {
    const [, rows = '', percent = ''] =
      new RegExp(`^\\| ${name} +\\| +([\\d,]+) \\|[^|]+\\| +([\\d.]+) % \\|`, 'm').exec(text) ?? [];
    // The files of the repository become more.
    expect(Number(rows.replaceAll(',', ''))).toBeGreaterThan(texts.length / 2);
    expect(Number(percent)).toBeLessThan(10);
  }
});
