import { expect, it } from 'vitest';
import { createHoldingEmulator } from '../support/held-batches.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { promptBatch, providerAt } from '../support/emulator.ts';

it('status --watch shows a run until it ends, and until Ctrl-C', async () => {
  await using emulator = await createHoldingEmulator();
  await using project = await PipelineProject.create({
    source: { type: 'csv', path: 'rows.csv', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(emulator.url),
    batch: { ...promptBatch, max_requests: 10 },
    sink: { type: 'jsonl', path: 'out.jsonl' },
  });
  await project.write('rows.csv', 'id,body\n1,a\n2,b\n');
  const submitted = Promise.withResolvers<void>();
  const running = project.watch(['run', 'pipeline.yaml'], (line) => {
    if (line.includes('submitted as batch')) submitted.resolve();
  });
  await submitted.promise;

  const stopped = project.watch(['status', 'pipeline.yaml', '--watch'], (line) => {
    if (line.includes('1 running')) stopped.child.kill('SIGINT');
  });
  const left = await stopped.result;
  expect(left.code).toBe(0);
  expect(left.stdout).toContain('running');

  const watched = project.watch(['status', 'pipeline.yaml', '--watch'], (line) => {
    if (line.includes('1 running')) emulator.release();
  });
  expect((await running.result).code).toBe(0);
  const ended = await watched.result;
  expect(ended.stderr).toContain('0 files waiting, 1 running, 0 ended; 0 of 2 rows loaded, 0 failed');
  expect(ended).toMatchObject({ code: 0, stdout: expect.stringContaining('completed') as string });
});
