import { expect, test } from 'vitest';
import { createEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { createProxy, jsonResponse } from '../support/proxy.ts';

const rows = Array.from({ length: 5000 }, (_, id) => `${JSON.stringify({ id, body: `row ${id}` })}\n`).join(
  '',
);

test('requests that are all refused for one reason are not sent to the last row', async () => {
  await using emulator = await createEmulator();
  let asked = 0;
  await using proxy = await createProxy(emulator.url, async ({ path }, forward) => {
    if (!path.endsWith('/chat/completions')) return forward();
    asked += 1;
    return jsonResponse(400, { error: { message: 'No such parameter.', code: 'unknown_parameter' } });
  });
  await using project = await PipelineProject.create({
    source: { type: 'jsonl', path: 'rows.jsonl', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: { type: 'openai', api_key: 'test-key', base_url: proxy.url },
    mode: 'standard',
    sink: { type: 'jsonl', path: 'answers.jsonl' },
  });
  await project.write('rows.jsonl', rows);
  const { code, stderr } = await project.run('--quiet');
  expect(code).toBe(1);
  expect(stderr).toContain('unknown_parameter');
  expect(asked).toBeGreaterThanOrEqual(200);
  expect(asked).toBeLessThan(1000);
});
