import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { useGateway } from './gateway-scene.ts';
import { startGateway, type StartedGateway } from './started.ts';

const folder = process.env['BATCHLINE_TEST_LITELLM'];
const key = 'sk-litellm';

/** As docs/providers/litellm.md has it: without `max_retries: 0` its own client repeats a create that is cut, and pays twice. */
function config(emulator: string): object {
  const models = ['gpt-4o-mini', 'text-embedding-3-small'];
  return {
    credential_list: [
      {
        credential_name: 'batches',
        credential_values: { api_base: emulator, api_key: 'test-key', max_retries: 0 },
        credential_info: {},
      },
    ],
    model_list: models.map((name) => ({
      model_name: name,
      litellm_params: { model: `openai/${name}`, litellm_credential_name: 'batches' },
    })),
    general_settings: { master_key: key },
  };
}

async function start(emulator: string): Promise<StartedGateway> {
  const own = await mkdtemp(join(tmpdir(), 'batchline-litellm-'));
  await writeFile(join(own, 'config.yaml'), stringify(config(emulator)));
  const started = await startGateway({
    command: join(folder ?? '.', 'bin/litellm'),
    args: (port) => ['--config', 'config.yaml', '--host', '127.0.0.1', '--port', String(port)],
    cwd: own,
    env: { LITELLM_LOCAL_MODEL_COST_MAP: 'True', LITELLM_TELEMETRY: 'False' },
    health: '/health/liveliness',
  });
  return {
    url: started.url,
    async [Symbol.asyncDispose]() {
      await started[Symbol.asyncDispose]();
      await rm(own, { recursive: true, force: true });
    },
  };
}

describe.skipIf(folder === undefined)("through LiteLLM's proxy", () => {
  const { open } = useGateway({
    start,
    provider: (_emulator, model) => ({ api_key: key, headers: { 'x-litellm-model': model } }),
  });

  it('takes its long ids, and a route in the query', async () => {
    const provider = { type: 'openai', api_key: key, query: { model: 'gpt-4o-mini' } };
    await using own = await open();
    const pipeline = JSON.parse(await own.read('pipeline.yaml')) as { provider: { base_url: string } };
    await own.write('pipeline.yaml', {
      ...pipeline,
      provider: { ...provider, base_url: pipeline.provider.base_url },
    });
    const { code, stderr } = await own.run();
    expect(code).toBe(0);
    expect(stderr).toMatch(/uploaded as file-\w{65,}/);
    expect(stderr).not.toContain('[secret]');
  });

  it('says at once what to do where nothing routes the upload', async () => {
    await using own = await open();
    const { provider, ...pipeline } = JSON.parse(await own.read('pipeline.yaml')) as { provider: object };
    await own.write('pipeline.yaml', { ...pipeline, provider: { ...provider, headers: {} } });
    const { code, stderr } = await own.run();
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('x-litellm-model') });
  });
});
