import { expect, it } from 'vitest';
import { createEmulator } from '../support/emulator.ts';
import { createProxy, jsonResponse } from '../support/proxy.ts';
import { answers, expected, project, rowCount, useNotes } from './scene.ts';

useNotes();

/** Mistral, OpenRouter and Ollama have chat/completions and a list of models, but neither /files nor /batches. */
async function chatOnly(url: string, hasModels = true) {
  return createProxy(url, async ({ path }, forward) => {
    const isServed = path.startsWith('/chat/') || (hasModels && path.startsWith('/models'));
    return isServed ? forward() : jsonResponse(404, { detail: 'Not Found' });
  });
}

it('answers line by line where there is no batch API', async () => {
  await using emulator = await createEmulator();
  await using proxy = await chatOnly(emulator.url);
  await using own = await project(proxy.url, { rest: { mode: 'standard' } });
  expect((await own.summary()).rows).toMatchObject({ ok: rowCount, failed: 0 });
  expect(await answers()).toEqual(expected(() => 1));
});

it.each([
  ['batch', true],
  ['standard', false],
])('is found out before anything is sent: mode %s, models listed: %s', async (mode, hasModels) => {
  await using emulator = await createEmulator();
  await using proxy = await chatOnly(emulator.url, hasModels);
  await using own = await project(proxy.url, { rest: { mode } });
  const { code, stderr } = await own.run();
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('Check provider.base_url') });
  expect(proxy.log.filter((call) => call.startsWith('POST'))).toEqual([]);
});
