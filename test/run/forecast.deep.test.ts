import { expect, it } from 'vitest';
import { createHoldingEmulator } from '../support/held-batches.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { promptBatch, providerAt } from '../support/emulator.ts';

const rows = (from: number) => Array.from({ length: 60 }, (_, row) => `${from + row},body ${row}`);

it('six past batches of a model make a forecast of the next run', async () => {
  await using emulator = await createHoldingEmulator();
  emulator.release();
  await using project = await PipelineProject.create({
    source: { type: 'csv', path: 'rows.csv', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(emulator.url),
    batch: { ...promptBatch, max_requests: 10 },
    sink: { type: 'jsonl', path: 'out.jsonl' },
  });
  await project.write('rows.csv', ['id,body', ...rows(0)].join('\n'));
  expect((await project.summary()).batches.completed).toBe(6);
  expect(await project.status()).not.toHaveProperty('forecast');

  emulator.hold();
  await project.write('rows.csv', ['id,body', ...rows(1000)].join('\n'));
  // A batch that is older than any known has no forecast: what is not sent yet has one.
  const stopped = project.watch(['run', 'pipeline.yaml', '--no-wait', '--new-run']);
  expect((await stopped.result).code).toBe(3);
  const { stdout } = await project.cli('status', 'pipeline.yaml');
  expect(stdout).toMatch(/done by about|longer than any known/);
  const plan = await project.cli('plan', 'pipeline.yaml', '--json');
  expect(JSON.parse(plan.stdout)).toMatchObject({
    done: {
      p50: expect.stringMatching(/^\d{4}-/) as string,
      p90: expect.stringMatching(/^\d{4}-/) as string,
    },
  });
});
