import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

let emulator: TestEmulator;

beforeAll(async () => {
  emulator = await createEmulator();
});

afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
});

it('keeps what it writes to itself, and no secret in it', async () => {
  await using project = await PipelineProject.create({
    source: { type: 'csv', path: 'notes.csv', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: {
      ...providerAt(emulator.url),
      api_key: 'sk-Sesame-Key',
      headers: { 'x-gateway': 'Sesame-Header' },
    },
    batch: promptBatch,
    sink: { type: 'csv', path: 'answers.csv', columns: { answer: 'text' } },
    keep_files: 'all',
  });
  await project.write('notes.csv', 'id,body\n1,one\n2,\n');
  const result = await project.run('--log-level', 'debug');
  expect(result.code).toBe(1);
  expect(`${result.stdout}${result.stderr}`).not.toContain('Sesame');
  const files = await project.stateFiles();
  expect(files).toContain('ledger.db');
  const found = await Promise.all(
    files.map(async (file) => {
      const path = join(project.stateDir, file);
      const isOpen = ((await stat(path)).mode & 0o077) !== 0;
      return isOpen || (await readFile(path)).includes('Sesame') ? [file] : [];
    }),
  );
  expect(found.flat()).toEqual([]);
});
