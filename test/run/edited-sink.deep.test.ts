import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { paidLines } from '../support/bill.ts';
import { promptAnswer } from '../support/chat-answer.ts';
import { textsOf } from '../support/duckdb.ts';
import { createEmulator, promptBatch, providerAt } from '../support/emulator.ts';
import { allButFirst } from '../support/held-batches.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { createProxy } from '../support/proxy.ts';

const notes = ['one', 'two', 'three', 'four'] as const;

function pipeline(url: string, sink: object, rest: object = {}): object {
  return {
    source: { type: 'csv', path: 'notes.csv', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(url),
    batch: { ...promptBatch, max_requests: 2 },
    sink,
    ...rest,
  };
}

/** A project whose run is interrupted when its first file is loaded and its second is under way. */
async function interrupted(url: string, sink: object, rest: object = {}): Promise<PipelineProject> {
  const project = await PipelineProject.create(pipeline(url, sink, rest));
  const rows = notes.map((note, index) => `${index + 1},${note}\n`);
  await project.write('notes.csv', `id,body\n${rows.join('')}`);
  const { child, result } = project.watch(['run', 'pipeline.yaml'], (line) => {
    if (/file 1 done/.test(line)) child.kill('SIGINT');
  });
  expect(await result).toMatchObject({ code: 130 });
  return project;
}

const formats = [
  ['csv', 'answers.csv', (path: string) => `read_csv('${path}', all_varchar = true)`],
  ['jsonl', 'answers.jsonl', (path: string) => `read_json('${path}', format = 'newline_delimited')`],
  ['duckdb', 'answers.parquet', (path: string) => `'${path}'`],
] as const;

it.each(formats)(
  'a %s sink whose columns were edited in the middle of a run has the new ones in every row',
  async (type, path, relation) => {
    await using emulator = await createEmulator();
    const held = allButFirst();
    await using proxy = await createProxy(emulator.url, held.middleware);
    await using project = await interrupted(proxy.url, { type, path, columns: { answer: 'text' } });
    held.release();
    // The name stays, what stands under it changes.
    const columns = { answer: '"new " + text' };
    await project.write('pipeline.yaml', pipeline(proxy.url, { type, path, columns }));
    const { rows } = await project.summary();
    expect(rows).toMatchObject({ requested: 4, ok: 4, failed: 0, pending: 0 });
    const from = relation(project.path(path));
    expect(await textsOf(`SELECT id, answer FROM ${from} ORDER BY id`)).toEqual(
      notes.map((note, index) => [String(index + 1), `new ${promptAnswer(note)}`]),
    );
    expect(paidLines(await emulator.bill())).toHaveLength(notes.length);
  },
);

it('refuses an edit of the columns before anything is thrown away or bought, where the answers are not kept', async () => {
  await using emulator = await createEmulator();
  const held = allButFirst();
  await using proxy = await createProxy(emulator.url, held.middleware);
  const sink = { type: 'csv', path: 'answers.csv', columns: { answer: 'text' } };
  const rest = { keep_files: 'failed' };
  await using project = await interrupted(proxy.url, sink, rest);
  held.release();
  await project.write('pipeline.yaml', pipeline(proxy.url, { ...sink, columns: { other: 'text' } }, rest));
  const refused = { code: 2, stderr: expect.stringContaining('undo that') };
  expect(await project.run()).toMatchObject(refused);
  expect(await project.cli('collect', 'pipeline.yaml')).toMatchObject(refused);
  await project.write('pipeline.yaml', pipeline(proxy.url, sink, rest));
  await project.summary();
  const text = await readFile(project.path('answers.csv'), 'utf8');
  expect(text.split('\n').length - 1).toBe(notes.length + 1);
});
