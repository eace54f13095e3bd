import { describe } from 'vitest';
import { useGateway } from './gateway-scene.ts';
import { startGateway } from './started.ts';

const folder = process.env['BATCHLINE_TEST_PORTKEY'];

describe.skipIf(folder === undefined)("through Portkey's gateway", () => {
  useGateway({
    start: () =>
      startGateway({
        command: process.execPath,
        args: (port) => [
          'node_modules/@portkey-ai/gateway/build/start-server.js',
          '--headless',
          `--port=${port}`,
        ],
        cwd: folder ?? '.',
        health: '/',
      }),
    provider: (emulator) => ({
      api_key: 'test-key',
      headers: { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': emulator },
    }),
  });
});
