import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { expect, test } from 'vitest';
import type { Plan } from '../../src/plan/plan.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { peakOf, useSmallHeap } from '../support/small-heap.ts';

/** With the tables of the tokenizer. */
const ceilingMb = 330;
const rows = 40_000;
const body = 'All work and no play makes Jack a dull boy. '.repeat(100);

test('a plan of a table that is larger than memory may be leaves nothing behind in memory', async () => {
  await using project = await PipelineProject.create({
    source: { type: 'csv', path: 'rows.csv', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}', dedupe: true },
    provider: { type: 'openai', base_url: 'http://127.0.0.1:1/v1' },
    sink: { type: 'jsonl', path: 'out.jsonl' },
  });
  const file = createWriteStream(project.path('rows.csv'));
  file.write('id,body\n');
  for (let row = 0; row < rows; row += 1) {
    if (!file.write(`${row},${row} ${body}\n`)) await once(file, 'drain');
  }
  file.end();
  await finished(file);
  useSmallHeap(project);
  const { code, stdout, stderr } = await project.cli('plan', 'pipeline.yaml', '--json', '--quiet');
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect((JSON.parse(stdout) as Plan).rows.requested).toBe(rows);
  expect(peakOf(stderr)).toBeLessThan(ceilingMb);
});
