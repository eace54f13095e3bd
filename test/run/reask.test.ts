import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { answer } from '../../src/emulator/answers/answer.ts';
import type { FaultsInput } from '../../src/emulator/faults/faults.ts';
import { batchesOf, type CarriedOut } from '../support/batches-of.ts';
import { createEmulator, type TestEmulator } from '../support/emulator.ts';
import type { PipelineProject } from '../support/pipeline-process.ts';
import { answers, parseLines, project, rowCount, useNotes, type Parts } from './scene.ts';

useNotes();

const output = {
  schema: {
    type: 'object',
    properties: { tag: { type: 'string' }, words: { type: 'array', items: { type: 'string' } } },
    required: ['tag', 'words'],
    additionalProperties: false,
  },
  on_invalid: 'reask',
};
const misfit = '["this does not fit"]';
const complaint =
  'Your answer was not accepted: the answer must be object. Answer again with nothing but JSON that fits the schema.';

interface Message {
  readonly role: string;
  readonly content: string;
}

interface Body {
  readonly messages?: readonly Message[];
  readonly input?: string | readonly Message[];
}

interface ReaskScene extends AsyncDisposable {
  readonly emulator: TestEmulator;
  readonly project: PipelineProject;
}

async function scene(rows: FaultsInput['rows'], { request, ...parts }: Parts = {}): Promise<ReaskScene> {
  await using resources = new AsyncDisposableStack();
  const emulator = resources.use(await createEmulator({ faults: { rows } }));
  const made = await project(emulator.url, { ...parts, request: { output, ...request } });
  resources.use(made);
  const kept = resources.move();
  return { emulator, project: made, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function bodyOf(batch: CarriedOut | undefined, id: string): Body {
  return (JSON.parse(batch?.lines.get(id) ?? '{}') as { readonly body: Body }).body;
}

function answerTo(body: Body): string {
  const completion = answer('/v1/chat/completions', { ...body }) as unknown as {
    readonly choices: readonly { readonly message: { readonly content: string } }[];
  };
  return completion.choices[0]?.message.content ?? '';
}

describe('on_invalid: reask', () => {
  it('sends the row again with its answer and what was wrong with it, once', async () => {
    await using setting = await scene([{ fault: 'misfit', every: 3, attempts: 1 }], {
      request: { system: 'You tag.' },
    });
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount, failed: 0 });
    const [first, again, ...more] = await batchesOf(setting.emulator.url);
    expect(more).toEqual([]);
    expect([...(again?.lines.keys() ?? [])]).toEqual(['3', '6', '9', '12']);
    const asked = bodyOf(first, '6');
    const askedAgain = bodyOf(again, '6');
    expect(asked.messages).toHaveLength(2);
    expect(askedAgain).toEqual({
      ...asked,
      messages: [
        ...(asked.messages ?? []),
        { role: 'assistant', content: misfit },
        { role: 'user', content: complaint },
      ],
    });
    const loaded = await answers();
    expect(loaded.map(({ id, attempt }) => [id, attempt])).toEqual(
      Array.from({ length: rowCount }, (_, index) => [index + 1, index % 3 === 2 ? 2 : 1]),
    );
    expect(loaded[5]?.answer).toBe(answerTo(askedAgain));
    // The hash is that of what was asked first: nothing is bought again.
    expect((await setting.project.summary(0)).rows).toMatchObject({ skipped: rowCount, requested: 0 });
  });

  it('asks again in the Responses API, of a text and of messages', async () => {
    const messages = [{ role: 'user', content: '{{ body }}' }];
    for (const request of [{ prompt: '{{ body }}' }, { prompt: undefined, messages }]) {
      await using setting = await scene([{ fault: 'misfit', custom_ids: ['5'], attempts: 1 }], {
        request: { endpoint: 'responses', ...request },
        sink: { table: 'prompt' in request && request.prompt !== undefined ? 'of_text' : 'of_messages' },
      });
      expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
      const [, again] = await batchesOf(setting.emulator.url);
      expect(bodyOf(again, '5').input).toMatchObject([
        { role: 'user', content: 'note 5' },
        { role: 'assistant', content: misfit },
        { role: 'user', content: complaint },
      ]);
    }
  });

  it('tells the last answer only, gives up after max_attempts, and retry begins with what was asked first', async () => {
    await using setting = await scene([{ fault: 'misfit', custom_ids: ['5'] }]);
    const { rows, run_id: runId } = await setting.project.summary(1);
    expect(rows).toMatchObject({ ok: rowCount - 1, failed: 1 });
    const [first, second, third, ...more] = await batchesOf(setting.emulator.url);
    expect(more).toEqual([]);
    expect(bodyOf(second, '5').messages).toHaveLength(3);
    expect(third?.lines.get('5')).toBe(second?.lines.get('5'));
    const failed = await readFile(join(setting.project.stateDir, 'runs', runId, 'failed-rows.jsonl'), 'utf8');
    expect(parseLines(failed)).toMatchObject([{ key: '5', attempts: 3, request: first?.lines.get('5') }]);

    await fetch(new URL('/emulator/faults', setting.emulator.url), { method: 'DELETE' });
    expect((await setting.project.cli('retry', runId)).code).toBe(0);
    const batches = await batchesOf(setting.emulator.url);
    expect(batches.at(-1)?.lines).toEqual(new Map([['5', first?.lines.get('5')]]));
    expect(await answers()).toHaveLength(rowCount);
  });

  it('sends what was asked last where the provider failed it', async () => {
    await using setting = await scene([
      { fault: 'misfit', custom_ids: ['5'], attempts: 1 },
      { fault: 'status', status: 429, custom_ids: ['5'], attempts: 2 },
    ]);
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
    const [, second, third] = await batchesOf(setting.emulator.url);
    expect(bodyOf(second, '5').messages).toHaveLength(3);
    expect(third?.lines.get('5')).toBe(second?.lines.get('5'));
  });

  it('sends the row as it was where its answer does not fit into a file beside it, or is none', async () => {
    await using setting = await scene(
      [
        { fault: 'answer', text: 'x'.repeat(5000), custom_ids: ['5'], attempts: 1 },
        { fault: 'answer', text: ' ', custom_ids: ['7'], attempts: 1 },
      ],
      { batch: { max_bytes: '4KB' } },
    );
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
    const batches = await batchesOf(setting.emulator.url);
    for (const id of ['5', '7']) {
      const lines = batches.flatMap((batch) => batch.lines.get(id) ?? []);
      expect(lines).toHaveLength(2);
      expect(lines[1]).toBe(lines[0]);
    }
  });
});

describe('repair: true', () => {
  const fenced = 'Sure! Here it is:\n```json\n{"tag": "a", "words": ["b",],}\n```';
  const parts: Parts = {
    request: { output: { ...output, on_invalid: 'fail', repair: true } },
    sink: { columns: { answer: 'json.tag', attempt: 'attempt' } },
  };

  it('loads answers that are JSON all but for their wrapping, and says how many', async () => {
    await using setting = await scene([{ fault: 'answer', text: fenced, every: 2 }], parts);
    const { stderr, code } = await setting.project.run();
    expect(code).toBe(0);
    expect(stderr).toContain('6 answers were no JSON until repaired');
    expect((await answers())[1]).toEqual({ id: 2, answer: 'a', attempt: 1 });
  });

  it('does not make whole what was cut', async () => {
    await using setting = await scene([{ fault: 'length', custom_ids: ['5'] }], parts);
    expect((await setting.project.summary(1)).rows).toMatchObject({ ok: rowCount - 1, failed: 1 });
  });
});
