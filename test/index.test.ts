import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  BatchlineError,
  ConfigError,
  defineSource,
  fromWire,
  loadPipeline,
  runPipeline,
  toWire,
  ValueBatch,
  type Field,
  type OpenedSource,
  type PipelineEvent,
} from '../src/index.ts';
import { promptAnswer } from './support/chat-answer.ts';
import { createEmulator, providerAt, type TestEmulator } from './support/emulator.ts';

let emulator: TestEmulator;
let folder: string;

beforeAll(async () => {
  emulator = await createEmulator();
  folder = await realpath(await mkdtemp(join(tmpdir(), 'batchline-door-')));
});

afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const tickets = ['id,text', '1,"The lamp, again, is dark"', '2,Wo ist meine Bestellung?', '3,返品したい'];

async function writePipeline(name: string, changes: object = {}): Promise<string> {
  await writeFile(join(folder, 'tickets.csv'), `${tickets.join('\n')}\n`);
  const pipeline = {
    source: { type: 'csv', path: 'tickets.csv', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ text }}' },
    provider: providerAt(emulator.url),
    batch: { poll_interval: '20ms' },
    sink: { type: 'jsonl', path: `${name}.jsonl`, columns: { answer: 'text', text: 'row.text' } },
    state: `.${name}`,
    ...changes,
  };
  const path = join(folder, `${name}.yaml`);
  await writeFile(path, JSON.stringify(pipeline));
  return path;
}

async function readAnswers(name: string): Promise<readonly Record<string, unknown>[]> {
  const text = await readFile(join(folder, `${name}.jsonl`), 'utf8');
  const rows = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return rows.toSorted((a, b) => String(a['id']).localeCompare(String(b['id'])));
}

describe('a pipeline from code', () => {
  test('runs from a CSV file into a JSON Lines file', async () => {
    const events: PipelineEvent[] = [];
    const pipeline = await loadPipeline(await writePipeline('whole'), { env: {} });
    const result = await runPipeline(pipeline, { onEvent: (event) => events.push(event) });

    expect(result.exitCode).toBe(0);
    expect(result.summary).toMatchObject({
      pipeline: 'whole',
      status: 'completed',
      rows: { records: 3, read: 3, requested: 3, ok: 3, failed: 0, pending: 0 },
    });
    expect(await readAnswers('whole')).toEqual([
      { id: '1', answer: promptAnswer('The lamp, again, is dark'), text: 'The lamp, again, is dark' },
      { id: '2', answer: promptAnswer('Wo ist meine Bestellung?'), text: 'Wo ist meine Bestellung?' },
      { id: '3', answer: promptAnswer('返品したい'), text: '返品したい' },
    ]);
    expect(events[0]).toMatchObject({ type: 'RunStarted', runId: result.summary.run_id, resumed: false });
    expect(events.at(-1)).toEqual({
      type: 'RunEnded',
      at: expect.any(Number) as number,
      runId: result.summary.run_id,
      status: 'completed',
    });
  });

  test('takes the flags of the command line', async () => {
    const pipeline = await loadPipeline(await writePipeline('flags'), {
      env: {},
      set: ['sink.path=first.jsonl'],
    });
    const { summary } = await runPipeline(pipeline, { limit: 2 });
    expect(summary.rows).toMatchObject({ records: 2, ok: 2 });
    const whole = await loadPipeline(pipeline.path, { env: {} });
    await expect(runPipeline(whole, { limit: 2 })).rejects.toMatchObject({ code: 'partial_source' });
    expect(await readAnswers('first')).toHaveLength(2);
  });

  test('stops when its signal is aborted, and goes on when it is called again', async () => {
    const pipeline = await loadPipeline(await writePipeline('stopped'), { env: {} });
    const stop = new AbortController();
    const stopped = runPipeline(pipeline, {
      signal: stop.signal,
      onEvent: ({ type }) => {
        if (type === 'BatchSubmitted') stop.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted', exitCode: 130 });

    const before = (await emulator.bill()).length;
    const { summary } = await runPipeline(pipeline);
    expect(summary).toMatchObject({ status: 'completed', rows: { ok: 3 } });
    expect((await emulator.bill()).length).toBe(before);
  });

  test('rejects with the faults of a file', async () => {
    const path = await writePipeline('faulty', { source: { type: 'csv', pth: 'x.csv', key: 'id' } });
    const error = await loadPipeline(path, { env: {} }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toBeInstanceOf(BatchlineError);
    expect((error as ConfigError).problems).toContainEqual(
      expect.objectContaining({ path: 'source.pth', suggestion: 'path' }),
    );
  });

  test('rejects with what a person can do about it', async () => {
    const path = await writePipeline('missing', { source: { type: 'csv', path: 'none.csv', key: 'id' } });
    const pipeline = await loadPipeline(path, { env: {} });
    const error = await runPipeline(pipeline).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BatchlineError);
    expect(error).toMatchObject({ hint: expect.stringContaining('source.path') as string });
  });
});

describe('a component from outside', () => {
  const fields: readonly Field[] = [
    { name: 'id', kind: 'integer', sqlType: 'bigint' },
    { name: 'word', kind: 'text', sqlType: 'text' },
  ];
  const words = defineSource({
    name: 'words',
    summary: 'Numbers the words of its configuration.',
    config: z.object({ words: z.array(z.string()).meta({ description: 'The words.' }) }),
    examples: [{ words: ['one'] }],
    open(config): Promise<OpenedSource> {
      const rows = config.words.map((word, index) => [BigInt(index), word]);
      const keys = rows.map((_, index) => [toWire(String(index))]);
      const records = rows.map((_, index) => index + 1);
      const batch = new ValueBatch(fields, rows, keys, records, (row) => `word ${row + 1}`);
      return Promise.resolve({
        fields,
        keyFields: fields.slice(0, 1),
        keyIsUnique: true,
        resumable: false,
        fingerprint: {},
        badRecords: 0,
        async *read() {
          yield await Promise.resolve(batch);
        },
        async [Symbol.asyncDispose]() {},
      });
    },
  });

  test('is declared and used with what the door offers', async () => {
    const config = words.config.parse(words.examples[0]);
    const { signal } = new AbortController();
    await using opened = await words.open(config, {
      key: ['id'],
      baseDir: folder,
      stateDir: folder,
      signal,
      warn: () => {},
    });
    for await (const batch of opened.read({ fields: ['id', 'word'], signal })) {
      expect(batch.length).toBe(1);
      expect(fromWire(batch.printed(0, 1))).toBe('one');
    }
  });
});
