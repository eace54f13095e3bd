import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { paidLines } from '../support/bill.ts';
import { jsonResponse } from '../support/proxy.ts';
import { answers, expected, rowCount, scene, useNotes } from './scene.ts';

useNotes();

it('an error that nobody foresaw ends with 1 once something was sent, and can be gone on after', async () => {
  let isUnderWay = true;
  await using setting = await scene(() => async ({ method, path }, forward) => {
    const response = await forward();
    if (!isUnderWay || method !== 'GET' || !path.startsWith('/batches/')) return response;
    const batch = JSON.parse(response.body.toString()) as object;
    return jsonResponse(200, { ...batch, status: 'in_progress' });
  });
  const { project, emulator } = setting;
  expect((await project.run('--no-wait')).code).toBe(3);
  isUnderWay = false;
  using ledger = new DatabaseSync(project.path('.pipeline/ledger.db'));
  ledger.exec(`
    CREATE TRIGGER broken BEFORE UPDATE ON chunks WHEN NEW.state = 'ended'
    BEGIN SELECT RAISE(ABORT, 'out of order'); END`);
  const { code, stderr } = await project.run();
  expect({ code, stderr }).toEqual({ code: 1, stderr });
  expect(stderr).toMatch(/^error: out of order$/m);
  expect(stderr).toMatch(/^hint: this is a defect in batchline; .* Type the same command again/m);
  ledger.exec('DROP TRIGGER broken');
  expect((await project.summary()).rows).toMatchObject({ ok: rowCount });
  expect(await answers()).toEqual(expected(() => 1));
  expect(paidLines(await emulator.bill())).toHaveLength(rowCount);
});
