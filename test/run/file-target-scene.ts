import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll } from 'vitest';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

export let emulator: TestEmulator;

export async function create(url: string): Promise<PipelineProject> {
  const project = await PipelineProject.create({
    source: { type: 'csv', path: 'notes.csv', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(url),
    batch: { ...promptBatch, max_requests: 2 },
    sink: { type: 'csv', path: 'answers.csv', columns: { answer: 'text' } },
  });
  await project.write('notes.csv', 'id,body\n1,one\n2,two\n3,three\n4,four\n');
  return project;
}

export const lines = async (path: string) => (await readFile(path, 'utf8')).split('\n').length - 1;

/** To be called once by each test file. */
export function useFileTarget(): void {
  beforeAll(async () => {
    emulator = await createEmulator();
  });
  afterAll(async () => {
    await emulator[Symbol.asyncDispose]();
  });
}
