import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { batchesOf } from '../support/batches-of.ts';
import { answers, parseLines, rowCount, useNotes, type Parts } from './scene.ts';
import { output, misfit, complaint, scene, bodyOf } from './reask-scene.ts';

useNotes();

describe('on_invalid: reask', () => {
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
  const parts: Parts = {
    request: { output: { ...output, on_invalid: 'fail', repair: true } },
    sink: { columns: { answer: 'json.tag', attempt: 'attempt' } },
  };

  it('does not make whole what was cut', async () => {
    await using setting = await scene([{ fault: 'length', custom_ids: ['5'] }], parts);
    expect((await setting.project.summary(1)).rows).toMatchObject({ ok: rowCount - 1, failed: 1 });
  });
});
