import { describe, expect, it } from 'vitest';
import { answer } from '../../src/emulator/answers/answer.ts';
import { batchesOf } from '../support/batches-of.ts';
import { answers, rowCount, useNotes, type Parts } from './scene.ts';
import { output, misfit, complaint, type Body, scene, bodyOf } from './reask-scene.ts';

useNotes();

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
});
