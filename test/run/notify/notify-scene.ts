import { promptBatch, providerAt } from '../../support/emulator.ts';
import { PipelineProject } from '../../support/pipeline-process.ts';

const every = ['completed', 'completed_with_failures', 'failed', 'refused', 'cancelled', 'interrupted'];

/** A pipeline of three rows, of which one cannot be rendered, that tells a webhook how it ended. */
export async function told(webhook: string, url: string, rest: object = {}): Promise<PipelineProject> {
  const project = await PipelineProject.create({
    name: 'mail',
    source: { type: 'csv', path: 'in.csv', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(url),
    batch: promptBatch,
    notify: { webhook: '${HOOK}', on: every },
    sink: { type: 'jsonl', path: 'out.jsonl' },
    ...rest,
  });
  project.env = { HOOK: webhook };
  await project.write('in.csv', 'id,body\n1,one\n2,two\n3,\n');
  return project;
}
