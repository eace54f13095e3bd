import { describe, expect, it } from 'vitest';
import { useDedupe, textCount, all, database, answersIn, expected, paid, start } from './dedupe-scene.ts';

useDedupe();

describe('rows that ask the same', () => {
  it('are paid once and all answered; a second run sends nothing', async () => {
    await using scene = await start();
    const { rows, tokens } = await scene.project.summary();
    expect(rows).toMatchObject({ records: 60, read: 60, requested: 60, ok: 60, failed: 0, pending: 0 });
    expect(await answersIn('answers')).toEqual(expected(all));
    expect(await paid(scene.emulator)).toBe(textCount);
    const { rows: sums } = await database.client.query('SELECT sum(tokens)::int AS input FROM answers');
    expect(sums).toEqual([{ input: tokens.input }]);
    expect((await scene.project.summary()).rows).toMatchObject({ skipped: 60, requested: 0 });
    expect(await paid(scene.emulator)).toBe(textCount);
  });

  it('wait for one that is sent again, and take its second answer', async () => {
    await using scene = await start(
      {},
      { rows: [{ fault: 'status', status: 500, custom_ids: ['3'], attempts: 1 }] },
    );
    expect((await scene.project.summary()).rows).toMatchObject({ requested: 60, ok: 60 });
    expect(await answersIn('answers')).toEqual(expected(all, (id) => (id % textCount === 3 ? 2 : 1)));
    expect(await paid(scene.emulator)).toBe(textCount + 1);
  });
});
