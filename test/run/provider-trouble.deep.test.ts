import { describe, expect, it } from 'vitest';
import { acceptedBatches } from '../support/bill.ts';
import { answers, expected, rowCount, scene, useNotes } from './scene.ts';
import { refusing, refusingFor } from './provider-trouble-scene.ts';

useNotes();

describe('a batch that the provider refuses', () => {
  it('is sent once more where no line is named', async () => {
    await using setting = await scene(refusing(1, [{ code: 'server_error', line: null, message: 'Oops.' }]));
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
  });

  it('is sent once more also where it was refused for want of room before', async () => {
    const message = 'Enqueued token limit reached for gpt-4o-mini. Limit: 2,000,000 enqueued tokens.';
    const wantOfRoom = { code: 'token_limit_exceeded', line: null, message };
    const oops = { code: 'server_error', line: null, message: 'Oops.' };
    await using setting = await scene(refusingFor([[wantOfRoom], [oops]]));
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
  });

  it('ends the run where it is refused again, and can be gone on with', async () => {
    await using setting = await scene(refusing(2, [{ code: 'bad_file', line: null, message: 'Bad file.' }]));
    const { code, stderr } = await setting.project.run();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: The provider refused file 1: Bad file\./m);
    expect(stderr).toMatch(/^hint: .*same command again/m);
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
  });
});

describe('a create whose reply is lost', () => {
  it('is found also where the batch appears only a moment after the connection was cut', async () => {
    let creates = 0;
    let late: (() => Promise<unknown>) | null = null;
    await using setting = await scene(() => async ({ method, path }, forward) => {
      if (method === 'POST' && path === '/batches' && (creates += 1) === 1) {
        late = forward;
        throw new Error('cut');
      }
      const response = await forward();
      if (method !== 'GET' || path !== '/batches' || late === null) return response;
      // Behind the first look, and before the second.
      const create = late;
      late = null;
      await create();
      return response;
    });
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
    expect(acceptedBatches(await setting.emulator.bill())).toBe(1);
    expect(await answers()).toEqual(expected(() => 1));
  });
});
