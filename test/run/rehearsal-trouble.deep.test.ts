import { describe, expect, it } from 'vitest';
import { jsonResponse, type Middleware } from '../support/proxy.ts';
import { answers, expected, project, scene, useNotes } from './scene.ts';

useNotes();

describe('the check of the provider at the start of a run', () => {
  it('waits for a server that has no time, breaks or hangs up, and says why', async () => {
    const replies = [
      jsonResponse(429, { error: { message: 'slow down' } }),
      jsonResponse(502, { error: { message: 'no server' } }),
      null,
    ];
    await using setting = await scene(whereFirst(replies));
    const { code, stderr } = await setting.project.run();
    expect(code).toBe(0);
    expect(stderr.match(/check of the provider failed and is tried again in .*/g)).toEqual([
      expect.stringContaining('slow down'),
      expect.stringContaining('no server'),
      expect.stringContaining('the connection was cut'),
    ]);
    expect(await answers()).toEqual(expected(() => 1));
  });

  it('says so where it never answers', async () => {
    await using own = await project('http://127.0.0.1:1/v1');
    const { code, stderr } = await own.run();
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/^error: .*127\.0\.0\.1:1/m) });
  });

  it('does not wait for a key that is wrong', async () => {
    let asked = 0;
    await using setting = await scene(() => async () => {
      asked += 1;
      return jsonResponse(401, { error: { message: 'wrong key' } });
    });
    expect((await setting.project.run()).code).toBe(2);
    expect(asked).toBe(1);
  });
});

/** Answers the first requests so, null by a cut; the others go on. */
function whereFirst(replies: readonly (ReturnType<typeof jsonResponse> | null)[]): () => Middleware {
  const left = [...replies];
  return () => async (_request, forward) => {
    const reply = left.shift();
    if (reply === null) throw new Error('cut');
    return reply ?? forward();
  };
}
