import { expect, test } from 'vitest';
import { createEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { pageExamples, pageVariables } from './pages.ts';

const rows = ['one', 'two', 'three'].map((body, id) => `${JSON.stringify({ id, body })}\n`).join('');

test.each(pageExamples())('an example of $page runs at the emulator', async ({ blocks }) => {
  await using emulator = await createEmulator({ models: [String(modelOf(blocks))] });
  await using project = await PipelineProject.create({
    ...blocks,
    source: { type: 'jsonl', path: 'rows.jsonl', key: 'id' },
    provider: { api_key: 'test-key', ...blocks.provider, base_url: emulator.url },
    batch: { ...(blocks['batch'] as object | undefined), completion_window: '24h', poll_interval: '20ms' },
    sink: { type: 'jsonl', path: 'answers.jsonl' },
  });
  project.env = pageVariables;
  await project.write('rows.jsonl', rows);
  expect((await project.summary()).rows).toMatchObject({ requested: 3, ok: 3, failed: 0 });
});

function modelOf({ request }: Readonly<Record<string, unknown>>): unknown {
  return (request as { readonly model: unknown }).model;
}
