import { afterAll, beforeAll, expect, it } from 'vitest';
import { promptAnswer } from '../support/chat-answer.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

let database: TestDatabase;
let emulator: TestEmulator;
beforeAll(async () => {
  database = await createDatabase();
  emulator = await createEmulator();
});
afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const sinks = {
  postgres: () => ({ type: 'postgres', url: database.url }),
  duckdb: () => ({ type: 'duckdb', path: 'answers.duckdb' }),
};

it.each(['postgres', 'duckdb'] as const)(
  'shows the target that a run had, and its rows before those of others: %s',
  async (type) => {
    await using project = await PipelineProject.create({
      source: { type: 'csv', path: 'notes.csv', key: 'id' },
      request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
      provider: providerAt(emulator.url),
      batch: promptBatch,
      sink: { ...sinks[type](), table: 'answers', create: true, columns: { answer: 'text' } },
    });
    const trial = ['--set', 'sink.table=trial'];
    await project.write('notes.csv', 'id,body\na,one\nb,two\n');
    expect(await project.run(...trial)).toMatchObject({ code: 0 });
    await project.write('notes.csv', 'id,body\nc,three\n');
    expect(await project.run(...trial)).toMatchObject({ code: 0 });
    const { code, stdout } = await project.cli('results', '-n', '2');
    expect(code).toBe(0);
    const [, , first, second, ...more] = stdout.trimEnd().split('\n');
    expect([first, second, more]).toEqual([
      expect.stringMatching(`^c +${promptAnswer('three').slice(0, 10)}`),
      expect.stringMatching(`^a +${promptAnswer('one').slice(0, 10)}`),
      [],
    ]);
    expect(await project.cli('results', '--set', 'sink.table=elsewhere')).toMatchObject({ code: 2 });
  },
);
