import { expect, test } from 'vitest';
import { providers } from '../../src/providers/index.ts';

test.each(providers.map((provider) => [provider.name, provider] as const))(
  'every example of %s is valid, and every key is described',
  (_name, { config, examples }) => {
    for (const example of examples) expect(config.safeParse(example)).toMatchObject({ success: true });
    for (const field of Object.values(config.shape)) expect(field.meta()?.['description']).toBeTruthy();
  },
);

test('base_url is an http address or the emulator', () => {
  const [openai] = providers;
  const parse = (base_url: string) => openai?.config.safeParse({ base_url }).success;
  expect(['https://a/v1', 'http://localhost:8000/v1', 'emulator'].map(parse)).toEqual([true, true, true]);
  expect(['a/v1', 'ftp://a', '', 'localhost:8000'].map(parse)).toEqual([false, false, false, false]);
});
