import { defineConfig } from 'vitest/config';

const deep = 'test/**/*.deep.test.ts';
const gateways = 'test/gateways/*.gateway.test.ts';

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    // Tests name models as they like, save those that are about them.
    env: { BATCHLINE_EMULATOR_MODELS: '*' },
    pool: 'forks',
    maxWorkers: 2,
    // So long that only what hangs meets them, also on a machine that does something else besides.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    projects: [
      { extends: true, test: { name: 'quick', include: ['test/**/*.test.ts'], exclude: [deep, gateways] } },
      { extends: true, test: { name: 'deep', include: [deep] } },
      { extends: true, test: { name: 'gateways', include: [gateways] } },
    ],
  },
});
