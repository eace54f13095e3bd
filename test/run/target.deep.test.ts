import { expect, it } from 'vitest';
import { createHoldingEmulator } from '../support/held-batches.ts';
import { promptBatch, providerAt } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

it('a run is collected into the target that it was begun with', async () => {
  await using emulator = await createHoldingEmulator();
  await using project = await PipelineProject.create({
    source: { type: 'csv', path: 'in.csv', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(emulator.url),
    batch: promptBatch,
    sink: { type: 'jsonl', path: 'out.jsonl' },
    targets: { trial: { sink: { path: 'trial.jsonl' } } },
  });
  await project.write('in.csv', 'id,body\n1,one\n2,two\n');
  expect((await project.summary(3, '--no-wait', '--target', 'trial')).rows.requested).toBe(2);
  const without = await project.run('--no-wait', '--json');
  expect(without).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/Run \S+ was begun with --target trial and goes on without it\./) as string,
  });
  emulator.release();
  await expect.poll(async () => (await project.cli('collect', '--quiet')).code).toBe(0);
  expect((await project.read('trial.jsonl')).trim().split('\n')).toHaveLength(2);
  await expect(project.read('out.jsonl')).rejects.toThrow('ENOENT');
  const shown = await project.cli('results', 'pipeline.yaml');
  expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining('gpt-4o-mini') as string });
  expect(await project.run('--target', 'trail')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('no such target; the file has trial  (did you mean trial?)') as string,
  });
});
