import { expect, test } from 'vitest';
import { copyExamples, runExample } from './example-project.ts';

test('receipts are read off their photographs', async () => {
  await using project = await copyExamples({});
  const { rows } = await runExample(project, 'receipts.yaml');
  expect(rows).toMatchObject({ records: 2, ok: 2 });
  const lines = (await project.read('pipelines/.pipeline/receipts.jsonl')).trim().split('\n');
  const receipts = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  expect(new Set(receipts.map(({ id }) => id))).toEqual(new Set(['1', '2']));
  for (const { shop, total } of receipts) expect([typeof shop, typeof total]).toEqual(['string', 'number']);
});
