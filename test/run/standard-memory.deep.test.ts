import { expect, test } from 'vitest';
import { PipelineProject } from '../support/pipeline-process.ts';
import { peakOf, useSmallHeap } from '../support/small-heap.ts';
import { StandardServer } from './standard-server.ts';

/** A run of a few rows takes 145 MB. */
const ceilingMb = 250;
const rows = 10_000;

test('the rows of a whole table leave nothing behind in memory', async () => {
  await using server = await StandardServer.open();
  await using own = await PipelineProject.create({
    source: { type: 'csv', path: 'rows.csv', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: { type: 'openai', base_url: server.url, api_key: 'test-key' },
    mode: 'standard',
    sink: { type: 'jsonl', path: 'out.jsonl', columns: { answer: 'text' } },
  });
  const lines = Array.from({ length: rows }, (_, row) => `${row},note ${row}\n`);
  await own.write('rows.csv', ['id,body\n', ...lines].join(''));
  useSmallHeap(own);
  const { code, stderr } = await own.run('--quiet');
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(server.answered).toHaveLength(rows);
  expect(peakOf(stderr)).toBeLessThan(ceilingMb);
});
